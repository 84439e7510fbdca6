// What calls cost, counted in transactions and requests: that does not depend on the clock, and is the same in browsers.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "vitest";
import { indexeddb } from "../../../src/index.ts";
import type { Store } from "../../../src/index.ts";

const value = new TextEncoder().encode("value");
const keysOf = (count: number, name = "key"): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);
let databases = 0;

interface Counted {
  /** The modes of the transactions that were begun. */
  readonly transactions: string[];
  /** How many requests were made, by the name of the method. */
  readonly requests: Record<string, number>;
  /** How many requests were refused: that is how it is asked whether a transaction is active, which is slow. */
  refused: number;
  /** How many records were handed over. */
  records: number;
  /** How many transactions were under way at once, at most. */
  atOnce: number;
}

/** Counts what is asked of IndexedDB while some work runs. */
async function counting(work: () => Promise<unknown>): Promise<Counted> {
  const counted: Counted = { transactions: [], requests: {}, refused: 0, records: 0, atOnce: 0 };
  let underWay = 0;
  const originals: (() => void)[] = [];
  const spy = <T extends object>(target: T, name: keyof T & string, note: (result: any, args: any[]) => void): void => {
    const original = target[name] as (...args: unknown[]) => unknown;
    originals.push(() => (target[name] = original as T[typeof name]));
    target[name] = function (this: unknown, ...args: unknown[]) {
      let result: unknown;
      try {
        result = original.apply(this, args);
      } catch (error) {
        counted.refused++;
        throw error;
      }
      note(result, args);
      return result;
    } as T[typeof name];
  };
  spy(IDBDatabase.prototype, "transaction", (transaction: IDBTransaction, [, mode]) => {
    counted.transactions.push(mode);
    counted.atOnce = Math.max(counted.atOnce, ++underWay);
    transaction.addEventListener("complete", () => underWay--);
  });
  for (const name of ["get", "getAll", "getAllKeys", "openKeyCursor", "put", "delete"] as const) {
    spy(IDBObjectStore.prototype, name, (request: IDBRequest<unknown[]>) => {
      counted.requests[name] = (counted.requests[name] ?? 0) + 1;
      if (name === "getAll") request.addEventListener("success", () => (counted.records += request.result.length));
    });
  }
  try {
    await work();
  } finally {
    for (const restore of originals) restore();
  }
  return counted;
}

async function withStore(
  work: (store: Store, database: string) => Promise<void>,
  options: Parameters<typeof indexeddb>[0] = {},
): Promise<void> {
  const database = `counts${++databases}`;
  const store = indexeddb({ database, ...options });
  try {
    await store.find("open");
    await work(store, database);
  } finally {
    await store.close();
  }
}

/** The same of a store that holds nothing in memory. */
const withBareStore = (work: Parameters<typeof withStore>[0]): Promise<void> => withStore(work, { cacheBytes: 0 });

/** Waits until no transaction is active: fake-indexeddb ends one in an immediate of its own, which a timer may come before. */
async function later(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const all = (keys: readonly string[], call: (key: string) => Promise<unknown>): Promise<unknown> =>
  Promise.all(keys.map(call));
const fill = (store: Store, keys: readonly string[]): Promise<void> => store.setMany(keys.map((key) => [key, value]));

test("reads one after the other share a transaction", () =>
  withBareStore(async (store) => {
    const keys = keysOf(100);
    await fill(store, keys);
    const { transactions, requests, refused } = await counting(async () => {
      for (const key of keys) assert.deepEqual(await store.get(key), value);
      assert.equal(await store.find("nobody"), undefined);
    });
    assert.deepEqual(transactions, ["readonly"]);
    assert.deepEqual(requests, { get: 101 });
    assert.ok(refused <= 2, `it was asked ${refused} times whether the transaction is active`);
  }));

test("the first value after an open is one request, the next is read with a look at the mark, and from then on held", () =>
  withStore(async (store, database) => {
    await store.set("a", value);
    await store.set("b", value);
    const opened = indexeddb({ database });
    try {
      const requestsOf = async (key: string) =>
        (await counting(async () => assert.deepEqual(await opened.get(key), value))).requests;
      assert.deepEqual(await requestsOf("a"), { get: 1 });
      assert.deepEqual(await requestsOf("b"), { get: 1, openKeyCursor: 1 });
      assert.deepEqual(await requestsOf("a"), { get: 1 });
      assert.deepEqual(await requestsOf("a"), {});
      assert.deepEqual(await requestsOf("b"), {});
    } finally {
      await opened.close();
    }
  }));

test("what was read or written lately is one look at the mark, for up to a thousand calls", () =>
  withStore(async (store) => {
    const keys = keysOf(100);
    await store.setMany(keys.slice(0, 50).map((key) => [key, value, { ttl: 60_000 }]));
    await all(keys.slice(50), (key) => store.set(key, value));
    assert.equal(await store.find("nobody"), undefined);
    await later();
    const { transactions, requests, refused } = await counting(async () => {
      for (let round = 0; round < 5; round++) {
        for (const key of keys) assert.deepEqual(await store.get(key), value);
        assert.equal(await store.find("nobody"), undefined);
      }
    });
    assert.deepEqual(transactions, ["readonly"]);
    assert.deepEqual(requests, { openKeyCursor: 1 });
    assert.ok(refused <= 2, `it was asked ${refused} times whether the transaction is active`);
    await later();
    const thousands = await counting(async () => {
      for (let round = 0; round < 31; round++) {
        for (const key of keys) assert.deepEqual(await store.get(key), value);
      }
    });
    // Each transaction answers a thousand and the one that begins it.
    assert.deepEqual(thousands.requests, { openKeyCursor: 4 });
    await later();
    const many = await counting(async () => {
      await all(keys, async (key) => assert.deepEqual(await store.get(key), value));
      await later();
      assert.deepEqual(
        await store.findMany(keys),
        keys.map(() => value),
      );
    });
    assert.deepEqual(many.requests, { openKeyCursor: 2 });
  }));

test("of callers that read and write at once, only the writes are requests", () =>
  withStore(async (store) => {
    const keys = keysOf(64);
    await fill(store, keys);
    const { transactions, requests } = await counting(() =>
      all(keys, async (key) => {
        // Each reads some others, and writes once in a while.
        for (let step = 0; step < 20; step++) {
          if (step % 10 === 9) await store.set(key, value);
          else assert.deepEqual(await store.get(keys[(keys.indexOf(key) + step) % 64]!), value);
        }
      }),
    );
    assert.ok(transactions.length <= 12, `${transactions.length} transactions`);
    const writing = transactions.filter((mode) => mode === "readwrite").length;
    assert.deepEqual(requests, { put: 128 + writing, openKeyCursor: transactions.length - writing });
  }));

test("what is held is bounded, and none is of more than a part of that", () =>
  withStore(
    async (store) => {
      const large = new Uint8Array(2000);
      await store.set("large", large);
      await all(keysOf(100), (key) => store.set(key, new Uint8Array(500)));
      const { requests } = await counting(async () => {
        assert.deepEqual(await store.get("large"), large);
        for (const key of keysOf(100).reverse()) assert.equal((await store.get(key)).length, 500);
      });
      // 64,000 bytes are about 100 of 500 with what holding them takes.
      assert.ok(requests.get! >= 1 && requests.get! < 20, JSON.stringify(requests));
    },
    { cacheBytes: 64_000 },
  ));

test("of the marks that writes leave, about a hundred are kept", () =>
  withStore(async (store, database) => {
    for (let count = 0; count < 350; count++) await store.set("a", value);
    const raw = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(database);
      opening.onsuccess = () => resolve(opening.result);
    });
    const marks = await new Promise<number>((resolve) => {
      const asked = raw.transaction("marks").objectStore("marks").count();
      asked.onsuccess = () => resolve(asked.result);
    });
    raw.close();
    assert.ok(marks > 0 && marks <= 102, `${marks} marks`);
  }));

test("reads do not go on for ever, so that another store's write gets its turn", async () => {
  for (const withThis of [withStore, withBareStore]) {
    await withThis(async (store, database) => {
      const other = indexeddb({ database });
      await fill(store, ["a"]);
      let isWritten = false;
      let reads = 0;
      await store.get("a");
      const writing = other.set("a", value).then(() => (isWritten = true));
      while (!isWritten && reads < 10_000) {
        await store.get("a");
        reads++;
      }
      await writing;
      await other.close();
      assert.ok(reads < 5000, `${reads} reads went before the write`);
    });
  }
});

test("a read after a write does not see what was there before", () =>
  withStore(async (store) => {
    await fill(store, ["a"]);
    const { transactions } = await counting(async () => {
      await store.get("a");
      const calls = [store.set("a", new Uint8Array(1)), store.get("a")] as const;
      assert.deepEqual(await calls[1], new Uint8Array(1));
      await store.get("a");
    });
    assert.deepEqual(transactions, ["readonly", "readwrite", "readonly"]);
  }));

test("a burst of reads is one look at the keys and one request for those side by side", () =>
  withBareStore(async (store) => {
    const keys = keysOf(100);
    await fill(store, keys);
    const { transactions, requests, records } = await counting(async () => {
      await all(keys, async (key) => assert.deepEqual(await store.get(key), value));
      assert.deepEqual(
        await store.findMany([...keys, "key 5", "key none"]),
        [...keys, "key 5"].map((): Uint8Array | undefined => value).concat(undefined),
      );
    });
    assert.deepEqual(transactions, ["readonly", "readonly"]);
    assert.deepEqual(requests, { getAllKeys: 2, getAll: 2 });
    assert.equal(records, 200);
  }));

test("a burst of reads asks for nothing that is not wanted", () =>
  withBareStore(async (store) => {
    // Runs of ten with one in between that nobody wants, and single ones among many.
    const dense = keysOf(50, "dense");
    const wanted = [...dense.filter((_, index) => index % 11 !== 3), ...keysOf(20, "rare").map((key) => `${key} 7`)];
    const others = keysOf(20, "rare").flatMap((key) => keysOf(30, key));
    await fill(store, [...new Set([...dense, ...others, ...wanted])]);
    const misses = keysOf(20, "miss");
    const { requests, records } = await counting(async () => {
      const found = await Promise.all([...wanted, ...misses].map((key) => store.find(key)));
      assert.deepEqual(
        found.map((each) => each?.length),
        [...wanted.map((): number | undefined => value.length), ...misses.map(() => undefined)],
      );
    });
    assert.equal(records + requests.get!, wanted.length);
    assert.ok(requests.getAll! > 2 && requests.getAllKeys === 1, JSON.stringify(requests));
  }));

test("a burst of misses costs one request", () =>
  withStore(async (store) => {
    await fill(store, keysOf(20));
    const { requests } = await counting(() =>
      all(keysOf(100, "key none"), async (key) => assert.equal(await store.find(key), undefined)),
    );
    assert.deepEqual(requests, { openKeyCursor: 1, getAllKeys: 1 });
  }));

test("a burst of thousands goes in portions, in which neighbours are together, and of reads two at a time", () =>
  withBareStore(async (store) => {
    const keys = keysOf(3000);
    const { transactions, atOnce } = await counting(() => all(keys, (key) => store.set(key, value)));
    assert.deepEqual(transactions, Array(3).fill("readwrite"));
    assert.equal(atOnce, 1);
    const shuffled = keys.map((_, index) => keys[(index * 1709) % keys.length]!);
    const read = await counting(() => all(shuffled, async (key) => assert.deepEqual(await store.get(key), value)));
    assert.deepEqual(read.transactions, Array(3).fill("readonly"));
    assert.deepEqual(read.requests, { getAllKeys: 3, getAll: 3 });
    // Beside the two, one that was answered and has not ended yet.
    assert.equal(read.atOnce, 3);
  }));

test("a burst of large values goes in portions of some MiB", () =>
  withStore(async (store) => {
    const large = new Uint8Array(1 << 20);
    const { transactions } = await counting(() => all(keysOf(10), (key) => store.set(key, large)));
    assert.equal(transactions.length, 3);
  }));

test("reads among writes share their transaction, and each sees what was written before it", () =>
  withStore(async (store) => {
    const seen: unknown[] = [];
    const { transactions } = await counting(async () => {
      const calls: Promise<unknown>[] = [store.set("a", value)];
      for (let count = 1; count <= 20; count++) {
        calls.push(store.set("a", new Uint8Array(count)));
        calls.push(store.get("a").then(({ length }) => seen.push(length)));
        calls.push(store.increment("n"), store.get("n"));
      }
      await Promise.all(calls);
    });
    assert.deepEqual(transactions, ["readwrite"]);
    assert.deepEqual(
      seen,
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  }));

test("keys are listed without their values, and by deadlines of their own", () =>
  withStore(async (store) => {
    await fill(store, keysOf(10_500));
    await store.setMany(keysOf(10, "dated").map((key) => [key, value, { ttl: 60_000 }]));
    const listed: string[] = [];
    const { requests, transactions } = await counting(async () => {
      for await (const key of store.keys()) listed.push(key);
    });
    assert.deepEqual(listed, [...keysOf(10, "dated"), ...keysOf(10_500)].sort());
    assert.equal(transactions.length, 2);
    assert.deepEqual(requests, { getAllKeys: 2, get: 10 });
  }));

test("a write is one transaction with two requests, its record and the mark, and says when it is to be committed", () =>
  withStore(async (store) => {
    const { transactions, requests } = await counting(async () => {
      for (const key of keysOf(5)) await store.set(key, value, { ttl: 1000 });
    });
    assert.deepEqual(transactions, Array(5).fill("readwrite"));
    assert.deepEqual(requests, { put: 10 });
  }));
