import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "../support/childProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
const children: Child[] = [];

function start(): Child {
  const child = startChild(runtimes.deno, "denoKvChild.ts");
  children.push(child);
  return child;
}

let first: Child;
beforeAll(() => {
  first = start();
});
afterAll(async () => {
  for (const child of children) await child.kill();
  rmSync(folder, { recursive: true, force: true });
});

const proofs = {
  sizes: "values of any size come back whole, and what they are replaced by or removed leaves nothing behind",
  transactions:
    "a transact of large values is one step, and more than Deno KV commits is unsupported, of which nothing is written",
  keys: "a key that Deno KV counts as too long is refused",
  neighbours: "stores of different prefixes, and what the app keeps, are left alone",
  damage: "a record that is damaged, or foreign, is cant-decode, and can be listed, replaced and removed",
  replaced: "a value in parts that is replaced while it is read is read as what replaced it",
  strays: "parts that a killed process left are swept, once their writer cannot be at work any more",
};
for (const [name, sentence] of Object.entries(proofs)) test(sentence, () => first.call("prove", name));

test("two processes count in one Deno KV file exactly, and their values outlive them", async () => {
  const path = join(folder, "counts.kv");
  const [one, other] = [start(), start()];
  await one.call("open", path);
  await other.call("open", path);
  const counts = (await Promise.all([one.call("hit", 25), other.call("hit", 25)])).flat() as number[];
  assert.deepEqual(
    counts.sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
  // Readers see a value in parts whole, whoever replaces it.
  await one.call("set", "large", 0, 700_000);
  let isDone = false;
  const writing = (async () => {
    for (let round = 1; round <= 6; round++) await one.call("set", "large", round % 2, 700_000 + (round % 2));
    isDone = true;
  })();
  const seen = new Set<string>();
  while (!isDone) seen.add(JSON.stringify(await other.call("read", "large")));
  await writing;
  assert.deepEqual([...seen].sort(), ["[700000,0]", "[700001,1]"]);
  await one.kill();
  await other.kill();
  const third = start();
  await third.call("open", path);
  assert.deepEqual(await third.call("hit", 1), [201, 202, 203, 204]);
});
