import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError, memory, prefix, StoreError, type Store } from "../../src/index.ts";

const hidden = "hidden/";

/** A store whose calls fail with an error that names a key twice. */
function failing(): Store {
  const fail = (): never => {
    const key = `${hidden}key`;
    throw new StoreError("unavailable", `Cannot read key "${key}": expected "${key}" to be there`, { key });
  };
  const iterate = (): any => ({
    async next() {
      fail();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  });
  const calls = Object.keys(memory()).map((name) => [
    name,
    ["keys", "watch"].includes(name) ? iterate : async () => fail(),
  ]);
  return Object.fromEntries(calls) as Store;
}

test("no error of a view shows its prefix, whichever call it comes from", async () => {
  const view = prefix(failing(), hidden);
  const value = new Uint8Array(1);
  const calls: (() => unknown)[] = [
    () => view.get("key"),
    () => view.set("key", value),
    () => view.findMany(["key"]),
    () => view.setMany([["key", value]]),
    () => view.deleteMany(["key"]),
    () => view.list(),
    () => view.clear(),
    async () => {
      for await (const _ of view.keys());
    },
    () => view.watch().next(),
  ];
  for (const call of calls) {
    const error = await Promise.resolve(call()).catch((error: unknown) => error);
    assert.ok(isStoreError(error, "unavailable"), String(call));
    assert.equal(error.message, 'Cannot read key "key": expected "key" to be there', String(call));
    assert.equal(error.key, "key");
  }
});
