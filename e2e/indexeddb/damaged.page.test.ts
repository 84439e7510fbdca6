import { expect, test } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { shelf } from "./shelf.ts";

const v = shelf.bytes("bytes");
const records: Record<string, unknown> = {
  null: null,
  string: "text",
  number: 7,
  array: [v],
  "text in v": { v: "text" },
  "buffer in v": { v: v.buffer },
  "words in v": { v: new Uint16Array(2) },
  "no v": {},
  "text in e": { v, e: "x" },
  "NaN in e": { v, e: Number.NaN },
  "date in e": { v, e: new Date(0) },
  future: { version: 2, value: v, expires: { at: 1 } },
};
const damaged = Object.keys(records);

test("a damaged record is cant-decode, and its neighbours, listings and removals go on", async () => {
  const database = newDatabase();
  const store = shelf.indexeddb({ database });
  await store.set("a", shelf.bytes("whole"));
  await store.set("z", shelf.bytes("whole"), { ttl: 100_000 });
  await shelf.putRaw(database, Object.entries(records));

  for (const key of damaged) {
    const found = await shelf.codes([
      store.get(key),
      store.find(key),
      store.has(key),
      store.entry(key),
      store.findMany(["a", key, "z"]),
      store.increment(key),
      store.update(key, () => undefined),
      store.take(key),
      store.touch(key, { ttl: 5 }),
      store.compareAndSet(key, undefined, v),
      store.get("a"),
    ]);
    expect(found).toStrictEqual([...Array(10).fill(`cant-decode ${key}`), "whole"]);
  }
  const together = await shelf.codes(damaged.flatMap((key) => [store.increment(key), store.increment("n")]));
  expect(together).toStrictEqual(damaged.flatMap((key, index) => [`cant-decode ${key}`, index + 1]));
  expect(await shelf.codes([store.findMany(["a", "z"])])).toStrictEqual([["whole", "whole"]]);
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  expect(keys.sort()).toStrictEqual([...damaged, "a", "n", "z"].sort());

  // NaN is no key, yet WebKit has it in the index, among what has expired.
  expect(await shelf.codes([store.delete("NaN in e")])).toStrictEqual(["done"]);
  expect(await store.sweep()).toBe(0);
  const set = [store.set("null", v), store.get("null"), store.setMany([["string", v]]), store.get("string")];
  expect(await shelf.codes(set)).toStrictEqual(["done", "bytes", "done", "bytes"]);
  const removed = [store.delete("number"), store.find("number"), store.deleteMany(["future", "array"])];
  expect(await shelf.codes(removed)).toStrictEqual(["done", "done", 2]);
  const cleared = [store.clear({ prefix: "text" }), store.find("text in v"), store.get("a")];
  expect(await shelf.codes(cleared)).toStrictEqual(["done", "done", "whole"]);
  const all = [store.clear(), store.list().then(({ entries }) => entries.length)];
  expect(await shelf.codes(all)).toStrictEqual(["done", 0]);
  await store.close();
});
