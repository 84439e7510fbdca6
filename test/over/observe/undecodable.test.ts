import assert from "node:assert/strict";
import { expect, test } from "vitest";
import { observe } from "../../../src/extras.ts";
import { json, memory } from "../../../src/index.ts";
import { refused } from "../../support/refused.ts";
import { until } from "../../support/until.ts";
import { counted } from "./counted.ts";

const damaged = Uint8Array.of(255);

test("of a map, what cannot be decoded keeps no other from being current, and error names it until it can be", async () => {
  const bytes = memory();
  const store = json<number>(bytes);
  await store.setMany([["a", 1], ["c", 3]]); // prettier-ignore
  await bytes.set("b", damaged);
  const all = observe(store, {});
  const seen: unknown[] = [];
  const stop = all.subscribe((map) => seen.push(Object.fromEntries(map)));
  const unreadable = { code: "cant-decode", key: "b" };
  assert.deepEqual(Object.fromEntries(await all.ready), { a: 1, c: 3 });
  expect(all.error).toMatchObject(unreadable);
  assert.deepEqual(seen, [{}, { a: 1, c: 3 }]);
  await store.set("a", 2);
  await until(() => all.get().get("a") === 2);
  expect(all.error).toMatchObject(unreadable);
  // What was shown last stays.
  await bytes.set("c", damaged);
  await bytes.delete("b");
  await until(() => (all.error as { key?: string }).key === "c");
  assert.deepEqual(Object.fromEntries(all.get()), { a: 2, c: 3 });
  await store.set("c", 4);
  await until(() => all.get().get("c") === 4);
  assert.equal(all.error, undefined);
  stop();
});

test("a read of all finds again what cannot be decoded, what can be by now, and what is gone", async () => {
  const bytes = memory();
  const { view, count, tell } = counted(json<number>(bytes));
  // Changes that nobody reports.
  const silent = { ...view, watch: ((options) => view.watch({ ...options, prefix: "nothing" })) as typeof view.watch };
  await view.setMany([["a", 1], ["c", 3], ["d", 4]]); // prettier-ignore
  await bytes.setMany([["b", damaged], ["e", damaged]]); // prettier-ignore
  const all = observe(silent, {});
  const stop = all.subscribe(() => {});
  const resync = async (): Promise<void> => {
    const { entries } = count;
    tell({ type: "resync" });
    await until(() => count.entries > entries);
    await all.ready;
  };
  await all.ready;
  await bytes.delete("b");
  await view.delete("d");
  await view.set("a", -1);
  await resync();
  assert.deepEqual(Object.fromEntries(all.get()), { a: -1, c: 3 });
  expect(all.error).toMatchObject({ code: "cant-decode", key: "e" });
  await bytes.delete("e");
  const reads = count.entry;
  await resync();
  assert.deepEqual([all.error, count.entry, all.get().size], [undefined, reads, 2]);
  stop();
});

test("one key that cannot be decoded is what ready rejects with", async () => {
  const bytes = memory();
  await bytes.set("a", damaged);
  await refused(observe(json(bytes), "a").ready, "cant-decode", /"a"/);
});
