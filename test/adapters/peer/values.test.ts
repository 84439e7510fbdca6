import { expect, test } from "vitest";
import { keyv, keyv5 } from "../../../src/adapters/keyv.ts";
import { session } from "../../../src/adapters/session.ts";
import { unstorage } from "../../../src/adapters/unstorage.ts";
import { memory } from "../../../src/backends/memory.ts";

const lost = [
  new Map([[1, 2]]),
  new Set([1]),
  /a/,
  Promise.resolve(),
  new Error("e"),
  NaN,
  -Infinity,
  new Date(0),
  new Date(NaN),
  () => {},
  1n,
];

test.each(lost)("%s is refused, since JSON would make another value of it without a word", async (value) => {
  const store = memory();
  const refused = { name: "StoreError", code: "cant-encode", key: "a" };
  await expect(keyv(store).set("a", value)).rejects.toMatchObject(refused);
  await expect(keyv5(store).set("a", value)).rejects.toMatchObject(refused);
  await expect(unstorage(store).setItemRaw("a", value)).rejects.toMatchObject(refused);
  await expect(session(store).set("a", value)).rejects.toMatchObject(refused);
  expect(await store.list()).toEqual({ entries: [] });
});

test("bytes are none of JSON's, and what JSON has is kept", async () => {
  const storage = keyv(memory());
  await expect(storage.set("a", Uint8Array.of(1))).rejects.toMatchObject({ code: "cant-encode" });
  await expect(storage.set("a", Buffer.of(1))).rejects.toMatchObject({ code: "cant-encode" });
  for (const value of [null, true, 0, [1], { a: { b: 1 } }, Object.create(null)]) {
    await storage.set("a", value);
    expect(await storage.get("a")).toEqual(value);
  }
});
