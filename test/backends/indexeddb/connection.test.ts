// When the database cannot be opened, and when its connection is lost. What browsers do of their own is proven in e2e.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { deleteDB, openDB } from "idb";
import { test, vi } from "vitest";
import { isStoreError } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { codes, openIndexedDB, replacing } from "../../support/indexeddb.ts";

test("an open that fails once fails the calls that waited for it, and not the next", async () => {
  const { store } = openIndexedDB();
  const fail = (): never => {
    throw new DOMException("Internal error opening backing store", "UnknownError");
  };
  await replacing(
    indexedDB,
    "open",
    () => fail,
    async () => {
      assert.deepEqual(
        await codes([store.get("a"), store.set("a", utf8("1")), store.list()]),
        Array(3).fill("unavailable"),
      );
    },
  );
  assert.deepEqual(await codes([store.set("a", utf8("1")), store.get("a")]), ["done", "done"]);
});

test("a database of a newer version is unavailable until it is gone", async () => {
  const { store, database } = openIndexedDB();
  await store.set("a", utf8("1"));
  const raw = await openDB(database, 3);
  await assert.rejects(
    store.get("a"),
    (error) => isStoreError(error, "unavailable") && /VersionError/.test(error.message),
  );
  raw.close();
  await deleteDB(database);
  assert.equal(await store.find("a"), undefined);
});

/** Makes the first so many transactions of some work refuse to begin. */
function refusing(times: number, work: () => Promise<void>): Promise<void> {
  const refuse = (original: IDBDatabase["transaction"]): IDBDatabase["transaction"] =>
    function (this: IDBDatabase, ...args) {
      if (times-- > 0) throw new DOMException("The database connection is closing", "InvalidStateError");
      return original.apply(this, args);
    };
  return replacing(IDBDatabase.prototype, "transaction", refuse, work);
}

test("a connection that is found closed is opened again, once", async () => {
  const { store } = openIndexedDB();
  await store.set("a", utf8("1"));
  await refusing(1, async () => assert.equal(text(await store.get("a")), "1"));
  await refusing(1, async () => assert.equal(await store.increment("n"), 1));
  await refusing(Infinity, async () => {
    assert.deepEqual(await codes([store.get("a")]), ["unavailable"]);
    assert.deepEqual(await codes([store.set("a", utf8("2"))]), ["unavailable"]);
  });
  assert.equal(text(await store.get("a")), "1");
});

test("close resolves when what was asked for is done and the database is given back", async () => {
  const { store, database } = openIndexedDB();
  let isWritten = false;
  const writing = store.set("key", utf8("1")).then(() => (isWritten = true));
  await store.close();
  assert.equal(isWritten, true);
  await writing;
  let isBlocked = false;
  await deleteDB(database, { blocked: () => (isBlocked = true) });
  assert.equal(isBlocked, false);
});

/** Holds a database against its own deletion, for which every later open waits. Returns what lets go of it. */
async function hold(database: string): Promise<() => Promise<void>> {
  const raw = await openDB(database);
  const removed = deleteDB(database);
  return () => {
    raw.close();
    return removed;
  };
}

test("an open that another context blocks is unavailable after 10 s, closes, and the next call tries again", async ({
  onTestFinished,
}) => {
  const { store, database } = openIndexedDB();
  const letGo = await hold(database);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  // The time of events goes by as the test says.
  let time = 0;
  vi.spyOn(Event.prototype, "timeStamp", "get").mockImplementation(() => time);
  const pass = async (ms: number): Promise<void> => {
    // What was called has begun.
    await vi.advanceTimersByTimeAsync(0);
    time += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };

  let answered = 0;
  const first = codes([store.get("a"), store.set("a", utf8("1")), store.list()]);
  void first.then(() => answered++);
  await pass(9999);
  assert.equal(answered, 0);
  await pass(1);
  assert.deepEqual(await first, Array(3).fill("unavailable"));

  const other = openIndexedDB({ database }).store;
  const closing = codes([other.get("a"), other.close()]);
  const second = codes([store.set("a", utf8("2")), store.get("a")]);
  await pass(10_000);
  assert.deepEqual(await closing, ["unavailable", "done"]);
  assert.deepEqual(await second, ["unavailable", "unavailable"]);

  const third = codes([store.set("a", utf8("3")), store.get("a")]);
  await letGo();
  assert.deepEqual(await third, ["done", "done"]);
  // What was given up holds nothing.
  await store.close();
  await deleteDB(database, { blocked: () => assert.fail("blocked") });
});

test("fake timers that a test turns make no open late, and leave none hanging", async ({ onTestFinished }) => {
  const { store, database } = openIndexedDB();
  const letGo = await hold(database);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const calls = codes([store.set("a", utf8("1")), store.get("a")]);
  await vi.advanceTimersByTimeAsync(3_600_000);
  vi.runAllTimers();
  await letGo();
  assert.deepEqual(await calls, ["done", "done"]);
});
