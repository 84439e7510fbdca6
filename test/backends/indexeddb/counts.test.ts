// What calls cost, counted in transactions and requests: that does not depend on the clock, and is the same in browsers.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { openDB } from "idb";
import { test } from "vitest";
import { indexeddb, type Store } from "../../../src/index.ts";
import { all, counting, fill, keysOf, later, value, withBareStore, withStore } from "../../support/countRequests.ts";

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
    const raw = await openDB(database);
    const marks = await raw.count("marks");
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

test("a write is one transaction with two requests, its record and the mark, and says when it is to be committed", () =>
  withStore(async (store) => {
    const { transactions, requests } = await counting(async () => {
      for (const key of keysOf(5)) await store.set(key, value, { ttl: 1000 });
    });
    assert.deepEqual(transactions, Array(5).fill("readwrite"));
    assert.deepEqual(requests, { put: 10 });
  }));

const next = (old: Uint8Array | undefined): Uint8Array => Uint8Array.of((old?.[0] ?? 0) + 1);

test("a change of what is held reads nothing, nor what a call before it wrote in the same transaction", () =>
  withStore(async (store, database) => {
    const keys = keysOf(10);
    const change = (store: Store) =>
      store.transact(keys, (entries) => entries.map((entry) => ({ value: next(entry?.value) })));
    await store.setMany(keys.map((key) => [key, Uint8Array.of(0)]));
    const alone = await counting(() => change(store));
    assert.deepEqual([alone.transactions, alone.requests], [["readwrite"], { put: 11 }]);
    const together = await counting(() =>
      Promise.all([store.update("key 0", next), change(store), store.update("new", next), store.update("new", next)]),
    );
    // What is not held yet is asked for once.
    assert.deepEqual([together.transactions, together.requests], [["readwrite"], { put: 14, get: 1 }]);
    assert.deepEqual(await store.findMany(["key 0", "key 9", "new"]), [Uint8Array.of(3), Uint8Array.of(2), Uint8Array.of(2)]); // prettier-ignore
    // What another context wrote counts, not what is held.
    const other = indexeddb({ database });
    await other.set("key 9", Uint8Array.of(8));
    const after = await change(store);
    assert.deepEqual(after.map((entry) => entry?.value[0]), [4, ...Array(8).fill(3), 9]); // prettier-ignore
    await other.close();
  }));
