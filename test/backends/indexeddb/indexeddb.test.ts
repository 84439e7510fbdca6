// Over fake-indexeddb: the options, and what lies in the database.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { openDB } from "idb";
import { test } from "vitest";
import { indexeddb, isStoreError, open, storageUsage, valid } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { openIndexedDB, replacing } from "../../support/indexeddb.ts";
import { definePageGlobal } from "../../support/page.ts";

test("options are checked, all at once", async () => {
  const wrong = { database: "", durability: "safe", persist: 1, size: 5 };
  assert.throws(
    () => indexeddb(wrong as never),
    (error: Error) =>
      isStoreError(error, "bad-config") && Object.keys(wrong).every((name) => error.message.includes(name)),
  );
  valid({ backend: "indexeddb", parameters: { database: "a", durability: "strict", persist: true } });
  const store = await open({ backend: "indexeddb", parameters: { database: "opened by name" } });
  assert.equal(store.isPersistent(), true);
  await store.close();
});

test("where the browser gives no usage, it is unsupported", async () => {
  await assert.rejects(storageUsage(), (error) => isStoreError(error, "unsupported"));
});

test("an estimate that the browser refuses is unsupported, with its reason", async (context) => {
  const refuse = (error: Error) => (): Promise<never> => Promise.reject(error);
  const frames: Record<string, unknown> = {
    "without an origin": { estimate: refuse(new TypeError("opaque origin")), persisted: () => false },
    "that may not ask": { estimate: () => ({}), persisted: refuse(new DOMException("no", "SecurityError")) },
    "without a storage": undefined,
  };
  for (const [name, storage] of Object.entries(frames)) {
    definePageGlobal(context, "navigator", { storage });
    await assert.rejects(
      storageUsage(),
      (error) => isStoreError(error, "unsupported") && error.cause !== undefined,
      name,
    );
  }
});

test("a value without a deadline is not in the index, one with a deadline is", async () => {
  const { store, database } = openIndexedDB({ now: () => 1000 });
  await store.set("stays", utf8("1"));
  await store.set("goes", utf8("2"), { ttl: 500 });
  await store.set("stayed", utf8("3"), { ttl: 500 });
  await store.set("stayed", utf8("3"));
  const raw = await openDB(database);
  assert.deepEqual(await raw.getAllKeys("entries"), ["goes", "stayed", "stays"]);
  assert.deepEqual(await raw.getAllKeysFromIndex("entries", "expiry"), ["goes"]);
  // What a later version has to be able to read.
  assert.deepEqual(await raw.get("entries", "stays"), { v: utf8("1") });
  assert.deepEqual(await raw.get("entries", "goes"), { v: utf8("2"), e: 1500 });
  raw.close();
});

test("callers that read one key in the same moment do not share its bytes", async () => {
  const { store } = openIndexedDB();
  const keys = Array.from({ length: 20 }, (_, index) => `key ${index >> 1}`);
  await store.setMany(keys.map((key) => [key, utf8("1")]));
  for (const found of [await Promise.all(keys.map((key) => store.get(key))), await store.findMany(keys)]) {
    assert.equal(new Set(found.map((value) => value!.buffer)).size, keys.length);
    found[0]!.fill(0);
    assert.deepEqual(found.slice(1).map(text), Array(19).fill("1"));
  }
});

test("what is asked of a transaction is how firmly it is committed", async () => {
  for (const durability of [undefined, "relaxed", "strict"] as const) {
    const { store } = openIndexedDB({ durability });
    await store.find("a");
    const asked = new Set<string | undefined>();
    const spy = (original: IDBDatabase["transaction"]): IDBDatabase["transaction"] =>
      function (this: IDBDatabase, names, mode, options) {
        asked.add(options?.durability);
        return original.call(this, names, mode, options);
      };
    await replacing(IDBDatabase.prototype, "transaction", spy, () => store.set("a", utf8("1")));
    assert.deepEqual([...asked], [durability ?? "relaxed"]);
    await store.close();
  }
});

test("a watch reports nothing that was acknowledged before it was called", async () => {
  const { store } = openIndexedDB();
  // The first is announced at once, what follows a moment later.
  for (const key of ["a", "b", "c"]) await store.set(key, utf8(key));
  const changes = store.watch();
  await store.set("d", utf8("d"));
  assert.deepEqual(await changes.next(), { value: { type: "set", key: "d" }, done: false });
  await changes.return!();
});
