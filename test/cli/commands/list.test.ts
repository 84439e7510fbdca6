import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, vi } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import { methods } from "../../../src/server.ts";
import { utf8 } from "../../support/bytes.ts";
import { command, folder, ownStore, storeIn } from "../../support/world.ts";

test("keys are listed one a line, also those that have lines in them", async () => {
  const store = ownStore();
  const keys = ["a", "a\nb", '"quoted"', "\u0000", "é/.. ", "z"];
  for (const key of keys) await command(["set", key, "v", ...store]);
  const { out } = await command(["list", ...store]);
  const read = out.split("\n").slice(0, -1).map((line) => (line.startsWith('"') ? JSON.parse(line) : line)); // prettier-ignore
  assert.deepEqual(new Set(read), new Set(keys));
  assert.equal(read.length, keys.length);
  assert.deepEqual((await command(["list", "--prefix", "a", ...store])).out, 'a\n"a\\nb"\n');
  assert.deepEqual((await command(["list", "--limit", "2", "--prefix", "", ...store])).out.split("\n").length, 3);
});

test("more than a page is listed whole, and a limit counts over pages", async () => {
  const path = join(folder, "many.db");
  const many = sqlite({ path });
  await many.setMany(Array.from({ length: 2500 }, (_, at) => [String(at), utf8("v")]));
  await many.close();
  const store = storeIn(path);
  const lines = (await command(["list", ...store])).out.trim().split("\n");
  assert.equal(new Set(lines).size, 2500);
  assert.equal((await command(["list", "--limit", "1500", ...store])).out.trim().split("\n").length, 1500);
});

test("on a terminal it is a table, and with --json a line for each", async () => {
  const store = ownStore();
  const time = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(time);
  await command(["set", "greeting", "hello", "--ttl", "1h", ...store]);
  await command(["set", "b", "12", ...store]);
  const now = (): number => time + 500;
  const { out } = await command(["list", ...store], { isTerminal: true, now });
  assert.match(out, /^KEY       BYTES  EXPIRES\nb             2  never\ngreeting      5  in 59m 59s\n$/);
  const coloured = await command(["list", ...store], { isTerminal: true, hasColors: true });
  assert.ok(coloured.out.startsWith("\u001b[1mKEY"));
  assert.ok(!out.includes("\u001b"));
  const [first, second] = (await command(["list", "--json", ...store], { isTerminal: true })).out.split("\n");
  assert.deepEqual(JSON.parse(first!), { key: "b", size: 2 });
  assert.deepEqual(Object.keys(JSON.parse(second!)), ["key", "expiresAt", "size"]);
});

test("changes are printed as they come, until it is interrupted", async () => {
  const path = join(folder, "watched.db");
  const other = sqlite({ path });
  await other.set("ready", utf8("v"));
  const interrupt = new AbortController();
  let reported = "";
  let wake = (): void => {};
  const watching = command(["watch", "--prefix", "k/", "--json", ...storeIn(path)], {
    interrupt: interrupt.signal,
    onOutput(text) {
      reported += text;
      wake();
    },
  });
  // Nothing says when a watch begins: it is written to until it has.
  for (let count = 0; !reported.includes("k/begin"); count++) {
    await other.set("k/begin", utf8(String(count)));
    await Promise.race([new Promise<void>((resolve) => (wake = resolve)), new Promise((resolve) => setTimeout(resolve, 20))]); // prettier-ignore
  }
  await other.set("other", utf8("v"));
  await other.set("k/\n", utf8("v"));
  await other.delete("k/\n");
  while (!reported.includes("delete")) await new Promise<void>((resolve) => (wake = resolve));
  interrupt.abort();
  const { code, out, err } = await watching;
  assert.deepEqual([code, err], [130, ""]);
  const changes = out.trim().split("\n").map((line) => JSON.parse(line)).filter(({ key }) => key !== "k/begin"); // prettier-ignore
  assert.deepEqual(changes, [
    { type: "set", key: "k/\n" },
    { type: "delete", key: "k/\n" },
  ]);
  await other.close();
});

test("the backends are listed, those of a configuration too", async () => {
  assert.deepEqual((await command(["methods"])).out.trim().split("\n"), methods());
  writeFileSync(
    join(folder, "own.mjs"),
    "export const name = 'own'; export const factory = { valid: (given) => given, build() {} };",
  );
  writeFileSync(join(folder, "own.yaml"), "backends: [./own.mjs]\nstore: { backend: own }\n");
  const { out } = await command(["methods", "--json", "--config", "own.yaml"]);
  assert.deepEqual(JSON.parse(out), [...methods(), "own"].sort());
  // It is in that command's registry, and in no other.
  assert.ok(!methods().includes("own"));
});
