// When a transaction fails that calls share: faults at the very moment that a test wants them.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "vitest";
import { text, utf8 } from "../../support/bytes.ts";
import { codes, openIndexedDB, replacing } from "../../support/indexeddb.ts";

/** Aborts the first so many transactions of one mode in which some work has made all its requests. */
function aborting(times: number, mode: IDBTransactionMode, work: () => Promise<void>): Promise<void> {
  const abort = (original: IDBDatabase["transaction"]): IDBDatabase["transaction"] =>
    function (this: IDBDatabase, ...args) {
      const transaction = original.apply(this, args);
      if (args[1] !== mode || times-- <= 0) return transaction;
      const abort = (): void => {
        try {
          transaction.abort();
        } catch {
          // It was aborted where it would have been committed.
        }
      };
      transaction.commit = abort;
      setImmediate(abort);
      return transaction;
    };
  return replacing(IDBDatabase.prototype, "transaction", abort, work);
}

test("calls whose transaction was aborted are done again, in their order, and reported once", async () => {
  const { store } = openIndexedDB();
  await store.set("a", utf8("0"));
  const changes = store.watch();
  await store.find("a");
  await aborting(1, "readwrite", async () => {
    const calls = [
      store.set("a", utf8("1")),
      store.increment("a"),
      store.increment("n"),
      store.setMany([["b", utf8("2")]]),
    ];
    assert.deepEqual(await Promise.all([...calls, store.increment("a")]), [undefined, 2, 1, undefined, 3]);
    assert.equal(text(await store.get("a")), "3");
  });
  const reported: string[] = [];
  for (let count = 0; count < 5; count++) reported.push((await changes.next()).value!.key);
  assert.deepEqual(reported, ["a", "a", "n", "b", "a"]);
  await aborting(1, "readonly", async () => {
    assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["3", "2"]);
  });
});

test("a call whose transaction is aborted again is unavailable, names its key and changed nothing", async () => {
  const { store } = openIndexedDB();
  await store.set("a", utf8("old"));
  // The first takes both down, the second the first call alone.
  await aborting(2, "readwrite", async () => {
    const outcomes = await codes([store.set("a", utf8("new")), store.set("b", utf8("new"))]);
    assert.deepEqual(outcomes, ["unavailable a", "done"]);
  });
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["old", "new"]);
});

test("close waits for a call that is done again, and for an open that fails", async () => {
  const { store } = openIndexedDB();
  await store.set("a", utf8("1"));
  await aborting(1, "readwrite", async () => {
    assert.deepEqual(await codes([store.set("a", utf8("2")), store.close()]), ["done", "done"]);
  });
  const other = openIndexedDB().store;
  await replacing(
    indexedDB,
    "open",
    () => () => {
      throw new DOMException("no", "SecurityError");
    },
    async () => assert.deepEqual(await codes([other.get("a"), other.close()]), ["unavailable", "done"]),
  );
});

test("a request that is refused leaves nothing of its call, and fails alone", async () => {
  const { store } = openIndexedDB();
  const refuse = (original: IDBObjectStore["put"]): IDBObjectStore["put"] =>
    function (this: IDBObjectStore, value, key) {
      if (key === "refused") throw new DOMException("no clone", "DataCloneError");
      return original.call(this, value, key);
    };
  await replacing(IDBObjectStore.prototype, "put", refuse, async () => {
    const many = store.setMany([
      ["b", utf8("1")],
      ["refused", utf8("1")],
    ]);
    const calls = [store.set("a", utf8("1")), many, store.set("refused", utf8("1")), store.increment("n")];
    assert.deepEqual(await codes(calls), ["done", "unavailable", "unavailable refused", "done"]);
  });
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["a", "n"],
  );
});

test("a call whose commit is unknown is not done twice, one that may be repeated is", async () => {
  const { store } = openIndexedDB();
  await store.increment("n");
  const { transaction } = IDBDatabase.prototype;
  const closing: (IDBTransaction | undefined)[] = [];
  // As Chromium closes a connection: what it is committing gets through, and only `close` is reported.
  const begin = function (this: IDBDatabase, ...args: Parameters<typeof transaction>): IDBTransaction {
    const begun = transaction.apply(this, args);
    if (args[1] !== "readwrite" || closing.length) return begun;
    closing.push(begun);
    Object.defineProperty(begun, "oncomplete", { set() {} });
    begun.addEventListener("complete", () => this.onclose?.(new Event("close")));
    return begun;
  };
  for (const [call, outcome] of [
    [() => store.increment("n"), "unavailable n"],
    [() => store.set("a", utf8("new")), "done"],
    [() => store.setMany([["b", utf8("new")]]), "done"], // prettier-ignore
  ] as const) {
    closing.length = 0;
    await replacing(
      IDBDatabase.prototype,
      "transaction",
      () => begin,
      async () => assert.deepEqual(await codes([call()]), [outcome]),
    );
    assert.equal(closing.length, 1);
  }
  assert.equal(await store.increment("n", 0), 2);
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["new", "new"]);
});

test("a write that is done again is still before what was asked for after it", async () => {
  const { store } = openIndexedDB();
  await store.set("key", utf8("first"));
  const { transaction } = IDBDatabase.prototype;
  let later: Promise<void> | undefined;
  const begin = function (this: IDBDatabase, ...args: Parameters<typeof transaction>): IDBTransaction {
    const begun = transaction.apply(this, args);
    if (!later) {
      later = Promise.resolve().then(() => {
        const written = store.set("key", utf8("third"));
        begun.abort();
        return written;
      });
    }
    return begun;
  };
  await replacing(
    IDBDatabase.prototype,
    "transaction",
    () => begin,
    async () => {
      await store.set("key", utf8("second"));
      await later;
    },
  );
  assert.equal(text(await store.get("key")), "third");
});
