// Over fake-indexeddb: what lies in the database, and faults at the very moment that a test wants them. What browsers do of
// their own is proven in e2e.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { afterEach, test } from "vitest";
import { indexeddb, isStoreError, open, storageUsage, valid } from "../../../src/index.ts";
import type { Store } from "../../../src/index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
let databases = 0;
let stores: Store[] = [];
afterEach(() => Promise.all(stores.map((store) => store.close())));

function fresh(options: Parameters<typeof indexeddb>[0] = {}): { store: Store; database: string } {
  const database = `test${++databases}`;
  const store = indexeddb({ database, ...options });
  stores = [store];
  return { store, database };
}

/** Puts a method in the place of another as long as some work runs. */
async function replacing<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  make: (original: T[Name]) => T[Name],
  work: () => Promise<void>,
): Promise<void> {
  const original = target[name];
  target[name] = make(original);
  try {
    await work();
  } finally {
    target[name] = original;
  }
}

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

const codes = async (calls: Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === "rejected" ? `${result.reason.code} ${result.reason.key ?? ""}`.trim() : "done",
  );

test("options are checked, all at once", async () => {
  const wrong = { database: "", durability: "safe", persist: 1, size: 5 };
  assert.throws(
    () => indexeddb(wrong as never),
    (error: Error) =>
      isStoreError(error, "bad-config") && Object.keys(wrong).every((name) => error.message.includes(name)),
  );
  valid({ backend: "indexeddb", parameters: { database: "a", durability: "strict", persist: true } });
  const store = await open({ backend: "indexeddb", parameters: { database: `test${++databases}` } });
  assert.equal(store.isPersistent(), true);
  await store.close();
});

test("where the browser tells no usage, it is unsupported", async () => {
  await assert.rejects(storageUsage(), (error) => isStoreError(error, "unsupported"));
});

test("a value without a deadline is not in the index, one with a deadline is", async () => {
  const { store, database } = fresh({ now: () => 1000 });
  await store.set("stays", bytes("1"));
  await store.set("goes", bytes("2"), { ttl: 500 });
  await store.set("stayed", bytes("3"), { ttl: 500 });
  await store.set("stayed", bytes("3"));
  const raw = await request(indexedDB.open(database));
  const entries = raw.transaction("entries").objectStore("entries");
  assert.deepEqual(await request(entries.getAllKeys()), ["goes", "stayed", "stays"]);
  assert.deepEqual(await request(entries.index("expiry").getAllKeys()), ["goes"]);
  // What a later version has to be able to read.
  assert.deepEqual(await request(entries.get("stays")), { v: bytes("1") });
  assert.deepEqual(await request(entries.get("goes")), { v: bytes("2"), e: 1500 });
  raw.close();
});

test("callers that read one key in the same moment do not share its bytes", async () => {
  const { store } = fresh();
  const keys = Array.from({ length: 20 }, (_, index) => `key ${index >> 1}`);
  await store.setMany(keys.map((key) => [key, bytes("1")]));
  for (const found of [await Promise.all(keys.map((key) => store.get(key))), await store.findMany(keys)]) {
    assert.equal(new Set(found.map((value) => value!.buffer)).size, keys.length);
    found[0]!.fill(0);
    assert.deepEqual(found.slice(1).map(text), Array(19).fill("1"));
  }
});

test("what is asked of a transaction is how firmly it is committed", async () => {
  for (const durability of [undefined, "relaxed", "strict"] as const) {
    const { store } = fresh({ durability });
    await store.find("a");
    const asked = new Set<string | undefined>();
    const spy = (original: IDBDatabase["transaction"]): IDBDatabase["transaction"] =>
      function (this: IDBDatabase, names, mode, options) {
        asked.add(options?.durability);
        return original.call(this, names, mode, options);
      };
    await replacing(IDBDatabase.prototype, "transaction", spy, () => store.set("a", bytes("1")));
    assert.deepEqual([...asked], [durability ?? "relaxed"]);
    await store.close();
  }
});

test("an open that fails once fails the calls that waited for it, and not the next", async () => {
  const { store } = fresh();
  const fail = (): never => {
    throw new DOMException("Internal error opening backing store", "UnknownError");
  };
  await replacing(
    indexedDB,
    "open",
    () => fail,
    async () => {
      assert.deepEqual(
        await codes([store.get("a"), store.set("a", bytes("1")), store.list()]),
        Array(3).fill("unavailable"),
      );
    },
  );
  assert.deepEqual(await codes([store.set("a", bytes("1")), store.get("a")]), ["done", "done"]);
});

test("a database of a newer version is unavailable until it is gone", async () => {
  const { store, database } = fresh();
  const raw = await request(indexedDB.open(database, 3));
  await assert.rejects(
    store.get("a"),
    (error) => isStoreError(error, "unavailable") && /VersionError/.test(error.message),
  );
  raw.close();
  await request(indexedDB.deleteDatabase(database));
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
  const { store } = fresh();
  await store.set("a", bytes("1"));
  await refusing(1, async () => assert.equal(text(await store.get("a")), "1"));
  await refusing(1, async () => assert.equal(await store.increment("n"), 1));
  await refusing(Infinity, async () => {
    assert.deepEqual(await codes([store.get("a")]), ["unavailable"]);
    assert.deepEqual(await codes([store.set("a", bytes("2"))]), ["unavailable"]);
  });
  assert.equal(text(await store.get("a")), "1");
});

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

test("calls whose transaction was aborted are done again, in their order, and told once", async () => {
  const { store } = fresh();
  await store.set("a", bytes("0"));
  const changes = store.watch();
  await store.find("a");
  await aborting(1, "readwrite", async () => {
    const calls = [
      store.set("a", bytes("1")),
      store.increment("a"),
      store.increment("n"),
      store.setMany([["b", bytes("2")]]),
    ];
    assert.deepEqual(await Promise.all([...calls, store.increment("a")]), [undefined, 2, 1, undefined, 3]);
    assert.equal(text(await store.get("a")), "3");
  });
  const told: string[] = [];
  for (let count = 0; count < 5; count++) told.push((await changes.next()).value!.key);
  assert.deepEqual(told, ["a", "a", "n", "b", "a"]);
  await aborting(1, "readonly", async () => {
    assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["3", "2"]);
  });
});

test("a call whose transaction is aborted again is unavailable, names its key and changed nothing", async () => {
  const { store } = fresh();
  await store.set("a", bytes("old"));
  // The first takes both down, the second the first call alone.
  await aborting(2, "readwrite", async () => {
    const outcomes = await codes([store.set("a", bytes("new")), store.set("b", bytes("new"))]);
    assert.deepEqual(outcomes, ["unavailable a", "done"]);
  });
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["old", "new"]);
});

test("close waits for a call that is done again, and for an open that fails", async () => {
  const { store } = fresh();
  await store.set("a", bytes("1"));
  await aborting(1, "readwrite", async () => {
    assert.deepEqual(await codes([store.set("a", bytes("2")), store.close()]), ["done", "done"]);
  });
  const other = fresh().store;
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
  const { store } = fresh();
  const refuse = (original: IDBObjectStore["put"]): IDBObjectStore["put"] =>
    function (this: IDBObjectStore, value, key) {
      if (key === "refused") throw new DOMException("no clone", "DataCloneError");
      return original.call(this, value, key);
    };
  await replacing(IDBObjectStore.prototype, "put", refuse, async () => {
    const many = store.setMany([
      ["b", bytes("1")],
      ["refused", bytes("1")],
    ]);
    const calls = [store.set("a", bytes("1")), many, store.set("refused", bytes("1")), store.increment("n")];
    assert.deepEqual(await codes(calls), ["done", "unavailable", "unavailable refused", "done"]);
  });
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["a", "n"],
  );
});

test("a call whose commit nobody can tell of is not done twice, one that may be repeated is", async () => {
  const { store } = fresh();
  await store.increment("n");
  const { transaction } = IDBDatabase.prototype;
  const closing: (IDBTransaction | undefined)[] = [];
  // As Chromium closes a connection: what it is committing gets through, and only `close` is told.
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
    [() => store.set("a", bytes("new")), "done"],
    [() => store.setMany([["b", bytes("new")]]), "done"], // prettier-ignore
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
  const { store } = fresh();
  await store.set("key", bytes("first"));
  const { transaction } = IDBDatabase.prototype;
  let later: Promise<void> | undefined;
  const begin = function (this: IDBDatabase, ...args: Parameters<typeof transaction>): IDBTransaction {
    const begun = transaction.apply(this, args);
    if (!later) {
      later = Promise.resolve().then(() => {
        const written = store.set("key", bytes("third"));
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
      await store.set("key", bytes("second"));
      await later;
    },
  );
  assert.equal(text(await store.get("key")), "third");
});

test("close resolves when what was asked for is done and the database is given back", async () => {
  const { store, database } = fresh();
  let isWritten = false;
  const writing = store.set("key", bytes("1")).then(() => (isWritten = true));
  await store.close();
  assert.equal(isWritten, true);
  await writing;
  let isBlocked = false;
  const deleting = indexedDB.deleteDatabase(database);
  deleting.onblocked = () => (isBlocked = true);
  await request(deleting);
  assert.equal(isBlocked, false);
});
