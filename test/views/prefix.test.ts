import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import { indexeddb, isStoreError, memory, prefix, StoreError, type Store } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";
import { utf8 } from "../support/bytes.ts";

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
    ["keys", "entries", "watch"].includes(name) ? iterate : async () => fail(),
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
    async () => {
      for await (const _ of view.entries());
    },
    () => view.transact(["key"], (entries) => entries),
    () => view.update("key", () => value),
    () => view.watch().next(),
  ];
  for (const call of calls) {
    const error = await Promise.resolve(call()).catch((error: unknown) => error);
    assert.ok(isStoreError(error, "unavailable"), String(call));
    assert.equal(error.message, 'Cannot read key "key": expected "key" to be there', String(call));
    assert.equal(error.key, "key");
  }
});

test("a sweep of a view goes past any number of others' that have expired", async () => {
  const { now, advance } = createClock();
  const options = { now, sweepInterval: Infinity };
  for (const store of [memory(options), indexeddb(options), sqlite({ ...options, path: ":memory:" })]) {
    const keys = Array.from({ length: 1200 }, (_, index) => (index % 2 ? "mine/" : "other/") + index);
    await store.setMany(keys.map((key) => [key, utf8("x"), { ttl: 10 }] as const));
    await store.setMany(Array.from({ length: 1200 }, (_, index) => [`a/${index}`, utf8("x"), { ttl: 1 }] as const));
    advance(10);
    assert.equal(await prefix(store, "mine/").sweep(), 600);
    assert.equal(await store.sweep(), 1800);
    await store.close();
  }
});
