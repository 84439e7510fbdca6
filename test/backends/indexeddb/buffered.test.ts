// Over a backend whose commits a test lets happen or fail one by one, and over fake-indexeddb.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "vitest";
import { indexeddb, isStoreError, open } from "../../../src/index.ts";
import type { Store, StoreError } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { bufferedStore } from "../../support/gatedMedium.ts";

const others: Record<string, (store: Store) => Promise<unknown>> = {
  "delete a": (store) => store.delete("a"),
  "deleteMany a": (store) => store.deleteMany(["a"]),
  "mutate a": (store) => store.take("a"),
  list: (store) => store.list(),
  clear: (store) => store.clear(),
  sweep: (store) => store.sweep(),
};

for (const [name, call] of Object.entries(others)) {
  test(`what was written before goes before, and is not read after: ${name}`, async (context) => {
    const { store, log, free } = bufferedStore(context);
    await store.set("a", utf8("1"));
    await store.set("b", utf8("2"));
    const calling = call(store);
    const reading = store.find("a");
    await store.set("c", utf8("3"));
    assert.deepEqual(log, ["set a", "set b", name, "get a"]);
    await free();
    await calling;
    const isKept = name === "list" || name === "sweep";
    assert.equal(text(await reading), isKept ? "1" : undefined);
    assert.equal(text(await store.find("c")), "3");
  });
}

test("every read sees what is not committed, each its own bytes, until the millisecond of the deadline", async (context) => {
  const { store, log, clock, tick, free } = bufferedStore(context);
  const mine = utf8("x");
  await store.set("a", mine, { ttl: 10 });
  mine.fill(0);
  for (const state of ["waiting", "under way"]) {
    (await store.get("a")).fill(0);
    (await store.find("a"))!.fill(0);
    (await store.entry("a"))!.value.fill(0);
    (await store.findMany(["a"]))[0]!.fill(0);
    assert.equal(text(await store.find("a")), "x", state);
    assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 10, state);
    assert.equal(await store.has("a"), true, state);
    tick(10);
  }
  assert.deepEqual(log, ["set a"]);
  clock.advance(9);
  assert.equal(await store.has("a"), true);
  clock.advance(1);
  assert.equal(await store.has("a"), false);
  await free();
  assert.equal(await store.find("a"), undefined);
});

test("many are read at once, from where each of them is", async (context) => {
  const { store, free, tick } = bufferedStore(context);
  await store.set("a", utf8("1"));
  await store.set("b", utf8("1"));
  await free();
  tick(10);
  await store.flush();
  await store.set("b", utf8("2"));
  assert.deepEqual((await store.findMany(["b", "none", "a", "b"])).map(text), ["2", undefined, "1", "2"]);
});

test("a write that was replaced while it was under way is not what is read", async (context) => {
  const { store, entries, commit, tick } = bufferedStore(context);
  await store.set("a", utf8("1"));
  tick(10);
  await store.set("a", utf8("2"));
  await commit();
  assert.equal(text(entries.get("a")?.value), "1");
  assert.equal(text(await store.find("a")), "2");
  tick(10);
  await commit();
  assert.equal(text(entries.get("a")?.value), "2");
});

test("options of IndexedDB are checked, and open takes them", async () => {
  const wrong = { acknowledge: "soon", onError: 5 };
  assert.throws(
    () => indexeddb(wrong as never),
    (error: Error) =>
      isStoreError(error, "bad-config") &&
      /"acknowledge" must be "committed" or "buffered", got "soon"/.test(error.message) &&
      /"onError"/.test(error.message),
  );
  const parameters = { database: "opened", acknowledge: "buffered" as const, onError: () => {} };
  const store = await open({ backend: "indexeddb", parameters });
  await store.set("a", utf8("1"));
  await store.close();
  const again = indexeddb({ database: "opened" });
  assert.equal(text(await again.get("a")), "1");
  await again.close();
});

test("in IndexedDB, what is written in one breath shares a transaction, and a failed one is reported with its key", async () => {
  const errors: StoreError[] = [];
  const store = indexeddb({ database: "counted", acknowledge: "buffered", onError: (error) => errors.push(error) });
  await store.find("a");
  const { transaction } = IDBDatabase.prototype;
  const { put } = IDBObjectStore.prototype;
  let count = 0;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
    count++;
    return transaction.apply(this, args);
  };
  try {
    for (let index = 0; index < 500; index++) await store.set(`${index}`, utf8("1"));
    await store.flush();
    assert.equal(count, 1);
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args) {
      if (args[1] === "bad") throw new DOMException("No room", "QuotaExceededError");
      return put.apply(this, args);
    };
    await store.set("good", utf8("1"));
    await store.set("bad", utf8("1"));
    await assert.rejects(store.flush(), (error) => isStoreError(error, "quota-exceeded") && error.key === "bad");
    assert.deepEqual(
      errors.map(({ code, key }) => [code, key]),
      [["quota-exceeded", "bad"]],
    );
    assert.deepEqual([text(await store.find("good")), await store.find("bad")], ["1", undefined]);
    // A connection that the browser closed is opened again.
    let refusals = 1;
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
      if (refusals-- > 0) throw new DOMException("The database connection is closing", "InvalidStateError");
      return transaction.apply(this, args);
    };
    await store.set("again", utf8("1"));
    await store.flush();
  } finally {
    IDBDatabase.prototype.transaction = transaction;
    IDBObjectStore.prototype.put = put;
  }
  await store.close();
});
