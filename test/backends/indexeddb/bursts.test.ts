// What many calls at once, and listings, cost, counted in transactions and requests.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "vitest";
import { all, counting, fill, keysOf, value, withBareStore, withStore } from "../../support/countRequests.ts";

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
