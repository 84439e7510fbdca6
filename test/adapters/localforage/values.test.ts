import assert from "node:assert/strict";
import { test } from "vitest";
import { localforage } from "../../../src/adapters/localforage.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { json } from "../../../src/views/json.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { drivers, fresh } from "./forage.ts";

for (const [name, driver] of Object.entries(drivers)) {
  test(`${name}: what JSON can hold reads as its text, and through a JSON view as the app's own`, async () => {
    const app = fresh(driver);
    const store = localforage(app);
    const values = [
      "text",
      "",
      '{"json": "in text"}',
      0,
      -1.5,
      false,
      true,
      [],
      [1, [null]],
      {},
      { a: { b: ["ü😀"] } },
    ];
    for (const value of values) {
      await app.setItem("key", value);
      assert.equal(text(await store.get("key")), JSON.stringify(value));
      assert.deepEqual(await json(store).get("key"), await app.getItem("key"));
    }
    await app.setItem("key", { at: new Date(0) });
    assert.deepEqual(await json(store).get("key"), { at: "1970-01-01T00:00:00.000Z" });
    await app.setItem("key", 41);
    assert.equal(await store.increment("key"), 42);
    assert.equal(await app.getItem("key"), 42);
  });

  test(`${name}: binary values read as their bytes`, async () => {
    const app = fresh(driver);
    const store = localforage(app);
    const bytes = Uint8Array.of(0, 255, 1, 128);
    const values = [
      bytes,
      bytes.buffer,
      new Int8Array(bytes.buffer),
      new Uint16Array(bytes.buffer),
      new Float32Array(bytes.buffer),
    ];
    for (const value of values) {
      await app.setItem("key", value);
      assert.deepEqual(await store.get("key"), bytes);
      assert.deepEqual((await store.list()).entries, [{ key: "key", expiresAt: Infinity, size: 4 }]);
    }
  });

  test(`${name}: a null of the app's is a missing value`, async () => {
    const app = fresh(driver);
    const store = localforage(app);
    await app.setItem("key", null);
    assert.equal(await store.find("key"), undefined);
    assert.equal(await store.has("key"), false);
    assert.deepEqual(await store.list(), { entries: [] });
    assert.equal(await store.setIfAbsent("key", utf8("x")), true);
  });

  test(`${name}: the app reads what is written without a deadline`, async () => {
    const app = fresh(driver);
    const store = localforage(app);
    await json(store).set("object", { name: "Ada", tags: ["a", "b"] });
    assert.deepEqual(await app.getItem("object"), { name: "Ada", tags: ["a", "b"] });
    await json(store).setMany([
      ["one", 1],
      ["text", "t"],
      ["no", false],
    ]);
    assert.deepEqual(await Promise.all(["one", "text", "no"].map((key) => app.getItem(key))), [1, "t", false]);
    for (const bytes of [
      utf8("plain"),
      Uint8Array.of(),
      Uint8Array.of(123, 0),
      utf8('{"a": 1}'),
      utf8("null"),
      utf8("-0"),
      utf8('{"b":1,"1":2}'),
      utf8("[".repeat(200) + "]".repeat(200)),
    ]) {
      await store.set("bytes", bytes);
      assert.deepEqual(await app.getItem("bytes"), bytes);
      assert.deepEqual(await store.get("bytes"), bytes);
    }
  });

  test(`${name}: bytes that look like something else come back as they were`, async () => {
    const app = fresh(driver);
    const store = localforage(app);
    await store.set("record", utf8("value"), { ttl: 1000 });
    const record = (await app.getItem("record")) as Uint8Array;
    const texts = [
      '{"__proto__":1}',
      '"__lfsc__:ui08AAAA"',
      '{"__local_forage_encoded_blob":true,"type":"a","data":"b"}',
      "1e400",
      '"\\ud800"',
      "9".repeat(30),
      "[".repeat(5000) + "]".repeat(5000),
    ];
    for (const bytes of [record, record.slice(0, 10), ...texts.map(utf8), Uint8Array.of(34, 255, 34)]) {
      await store.set("key", bytes);
      assert.deepEqual(await store.get("key"), bytes);
      await store.set("key", bytes, { ttl: 1000 });
      assert.deepEqual(await store.get("key"), bytes);
    }
  });
}

test("IndexedDB: a Blob reads as its bytes, one of the app's own too", async () => {
  const app = fresh(drivers.IndexedDB);
  // fake-indexeddb clones with the runtime's structuredClone, which makes an empty object of a Blob.
  const store = localforage({
    getItem: async () => new Blob(["blob"]),
    setItem: app.setItem,
    removeItem: app.removeItem,
    keys: async () => ["key"],
    ready: async () => {},
    config: () => ({ name: "blobs" }),
    driver: () => null,
  });
  assert.equal(text(await store.get("key")), "blob");
  assert.deepEqual(await store.list(), { entries: [{ key: "key", expiresAt: Infinity, size: 4 }] });
});

test("IndexedDB: a Blob that cannot be read is unavailable, never a miss", async () => {
  const gone = Object.assign(new Blob(), {
    arrayBuffer: () => Promise.reject(new DOMException("gone", "NotFoundError")),
  });
  const app = fresh(drivers.IndexedDB);
  const store = localforage({
    getItem: async () => gone,
    setItem: app.setItem,
    removeItem: app.removeItem,
    keys: async () => ["key"],
    ready: async () => {},
    config: () => ({ name: "gone" }),
    driver: () => null,
  });
  await assert.rejects(store.find("key"), (error) => isStoreError(error, "unavailable") && error.key === "key");
});

test("IndexedDB: what JSON would lose cannot be decoded, and can be listed, replaced and deleted", async () => {
  const app = fresh(drivers.IndexedDB);
  const store = localforage(app);
  const cycle: { self?: object } = {};
  cycle.self = cycle;
  const values = [
    new Map(),
    new Set([1]),
    NaN,
    Infinity,
    1n,
    /x/,
    new Date(NaN),
    { deep: [new Map()] },
    { bytes: Uint8Array.of(1) },
    cycle,
  ];
  await app.setItem("neighbour", "n");
  for (const value of values) {
    await app.setItem("key", value);
    await assert.rejects(store.get("key"), (error) => isStoreError(error, "cant-decode") && error.key === "key");
    assert.equal(await store.has("key"), true);
    assert.deepEqual(
      (await store.list()).entries.map(({ key }) => key),
      ["key", "neighbour"],
    );
    await assert.rejects(store.take("key"), (error) => isStoreError(error, "cant-decode"));
    assert.deepEqual(await app.getItem("key"), value);
  }
  await store.delete("key");
  await app.setItem("key", new Map());
  await store.set("key", utf8("x"));
  assert.equal(text(await store.get("key")), "x");
});

test("localStorage: text that is not localForage's cannot be decoded, and its neighbours can", async () => {
  const app = fresh(drivers.localStorage, "broken");
  const store = localforage(app);
  await store.set("well", utf8("value"));
  for (const stored of ["{", "__lfsc__:huh!AAAA"]) {
    localStorage.setItem("broken/key", stored);
    await assert.rejects(store.get("key"), (error) => isStoreError(error, "cant-decode") && error.key === "key");
    assert.deepEqual(
      (await store.list()).entries.map(({ key, size }) => [key, size]),
      [
        ["key", undefined],
        ["well", 5],
      ],
    );
    assert.equal(await store.has("key"), true);
    assert.equal(await store.sweep(), 0);
  }
  await store.delete("key");
  assert.equal(await store.has("key"), false);
});
