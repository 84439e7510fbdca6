import assert from "node:assert/strict";
import { test } from "vitest";
import { lendBy, lentBy, type EntriesReader, type Medium } from "../../../src/core/lending.ts";
import { memory, type Store } from "../../../src/index.ts";
import { bytes, pair } from "../../support/pair.ts";

const count = 1000;
const keys = Array.from({ length: count }, (_, index) => `key ${String(index).padStart(4, "0")}`);

/** Returns a store with values of so many bytes each, and how many it was asked for in each step. */
async function stepping(size: number): Promise<{ store: Store; steps: number[] }> {
  const inner = memory();
  await inner.setMany(keys.map((key) => [key, new Uint8Array(size).fill(key.length)]));
  const { backend, run } = lentBy(inner, "entry") as Medium;
  const steps: number[] = [];
  const store: Store = {
    ...inner,
    entry(key, options) {
      steps.push(1);
      return inner.entry(key, options);
    },
  };
  const reader: EntriesReader = (wanted, options) => {
    steps.push(wanted.length);
    return run(options, async (call) => backend.getMany(wanted, call));
  };
  lendBy(store, "entry", reader);
  return { store, steps };
}

const body = `${JSON.stringify({ getUnless: keys.map((key) => [key, null]) })}\n`;

test("tags of a thousand small values cost a medium some steps, and values of which nobody knows how large they are a step for eight", async () => {
  const { store, steps } = await stepping(1000);
  const { ask } = pair({ store });
  const { entries } = (await (await ask("GET", "entries?tags=1")).json()) as { entries: { tag: string }[] };
  assert.ok(entries.length === count && entries.every(({ tag }) => tag === entries[0]!.tag));
  assert.deepEqual(steps.splice(0), [250, 250, 250, 250]);
  const answer = await ask("POST", "batch", { body });
  assert.ok((await answer.arrayBuffer()).byteLength > count * 1000);
  assert.ok(Math.max(...steps) <= 8 && steps.length < count / 7, steps.join());
});

test("values that are large are read for their tags few at a time, whatever fits into an answer", async () => {
  const { store, steps } = await stepping(200_000);
  const { ask } = pair({ store, handler: { maxBytes: 400_000_000 } });
  await (await ask("GET", "entries?tags=1&limit=100")).arrayBuffer();
  assert.equal(steps.reduce((sum, step) => sum + step), 100); // prettier-ignore
  assert.ok(Math.max(...steps) <= 8, steps.join());
  await store.set("key 0000", bytes("x"));
});
