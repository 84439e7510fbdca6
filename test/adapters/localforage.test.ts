import assert from "node:assert/strict";
import { test } from "vitest";
import "fake-indexeddb/auto";
import { localforage } from "../../src/adapters/localforage.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { json } from "../../src/views/json.ts";
import { cases, casesFor, createClock, prove, type Subject } from "../../src/testing.ts";

// localForage looks for its media when it is loaded.
const { quota } = fakeLocalStorage();
const { default: forage } = await import("localforage");

const drivers = { IndexedDB: forage.INDEXEDDB, localStorage: forage.LOCALSTORAGE };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

let names = 0;
const fresh = (driver: string, name = `test-${++names}`): LocalForage => forage.createInstance({ name, driver });

for (const [name, driver] of Object.entries(drivers)) {
  const subject: Subject<Uint8Array> = {
    name: `localforage over ${name}`,
    can: ["atomic", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    rounds: 200,
    open: (medium, options) => localforage(fresh(driver, medium), options),
  };
  for (const each of casesFor(cases, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));

  const asJson: Subject<{ text: string }> = {
    ...subject,
    name: `json of ${subject.name}`,
    can: subject.can.filter((feature) => feature !== "bytes"),
    value: (text) => ({ text }),
    text: (value) => value.text,
    open: async (medium, options): Promise<Store<{ text: string }>> => json(await subject.open(medium, options)),
  };
  for (const each of casesFor(cases, asJson)) test(`${asJson.name}: ${each.name}`, () => prove(each, asJson));

  test(`${name}: what JSON can tell reads as its text, and through a JSON view as the app's own`, async () => {
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

  test(`${name}: a deadline is honoured, and ends when the app writes over it`, async () => {
    const clock = createClock();
    const app = fresh(driver);
    const store = localforage(app, { now: clock.now });
    await app.setItem("key", { a: 1 });
    assert.equal(await store.touch("key", { ttl: 1000 }), true);
    assert.deepEqual(await json(store).entry("key"), { value: { a: 1 }, expiresAt: clock.now() + 1000 });
    await app.setItem("key", { a: 2 });
    clock.advance(1000);
    assert.deepEqual(await json(store).entry("key"), { value: { a: 2 }, expiresAt: Infinity });
    await store.touch("key", { ttl: 1000 });
    clock.advance(1000);
    assert.equal(await store.find("key"), undefined);
    assert.deepEqual(await app.keys(), []);
  });

  test(`${name}: keys of the app's that a store cannot have are left alone`, async () => {
    const app = fresh(driver);
    const store = localforage(app);
    const foreign = ["", "\ud800", "x".repeat(1025)];
    for (const key of [...foreign, "good"]) await app.setItem(key, 1);
    assert.deepEqual(
      (await store.list()).entries.map(({ key }) => key),
      ["good"],
    );
    await store.sweep();
    await store.clear();
    assert.deepEqual((await app.keys()).sort(), foreign.sort());
  });

  test(`${name}: a record that is damaged, or of a version to come, is told and hurts nobody else`, async () => {
    const clock = createClock();
    const app = fresh(driver);
    const store = localforage(app, { now: clock.now });
    await store.setMany(["cut", "stub", "future", "well"].map((key) => [key, utf8("value"), { ttl: 1000 }]));
    const record = (await app.getItem("well")) as Uint8Array;
    await app.setItem("cut", record.slice(0, -2));
    await app.setItem("stub", record.slice(0, 12));
    await app.setItem(
      "future",
      Uint8Array.from(record, (byte, index) => (index === 10 ? 2 : byte)),
    );
    for (const key of ["cut", "stub", "future"]) {
      await assert.rejects(store.get(key), (error) => isStoreError(error, "cant-decode") && error.key === key);
      await assert.rejects(
        store.update(key, (current) => current),
        (error) => isStoreError(error, "cant-decode"),
      );
    }
    assert.equal(text(await store.get("well")), "value");
    const listed = (await store.list()).entries.map(({ key, size }) => [key, size]);
    assert.deepEqual(listed, [
      ["cut", undefined],
      ["future", undefined],
      ["stub", undefined],
      ["well", 5],
    ]);
    clock.advance(1000);
    assert.equal(await store.sweep(), 2);
    await store.delete("stub");
    await store.set("future", utf8("new"));
    assert.equal(text(await store.get("future")), "new");
  });

  test(`${name}: instances of other names are other media`, async () => {
    const [one, two] = [localforage(fresh(driver)), localforage(fresh(driver))];
    await one.set("key", utf8("one"));
    assert.equal(await two.find("key"), undefined);
    await two.clear();
    assert.equal(text(await one.get("key")), "one");
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

test("localStorage: when full, expired entries make room, then it is quota-exceeded with the old value intact", async () => {
  const clock = createClock();
  localStorage.clear();
  const store = localforage(fresh(drivers.localStorage, "full"), { now: clock.now });
  await store.set("old", new Uint8Array(300), { ttl: 1000 });
  await store.set("key", utf8("first"));
  quota.units = 700;
  try {
    await assert.rejects(store.set("key", new Uint8Array(300)), (error) => isStoreError(error, "quota-exceeded"));
    await assert.rejects(
      store.update("key", () => new Uint8Array(300)),
      (error) => isStoreError(error, "quota-exceeded"),
    );
    const two = [
      ["other", utf8("2")],
      ["key", new Uint8Array(300)],
    ] as const;
    await assert.rejects(store.setMany(two), (error) => isStoreError(error, "quota-exceeded"));
    assert.equal(text(await store.get("key")), "first");
    assert.equal(await store.has("other"), false);
    clock.advance(1000);
    await store.setMany(two);
    assert.equal((await store.get("key")).length, 300);
    await store.delete("key");
    await store.set("third", new Uint8Array(300));
  } finally {
    quota.units = Infinity;
  }
});

test("a setMany that fails puts back what it replaced", async () => {
  const app = fresh(drivers.IndexedDB);
  await app.setItem("a", { old: true });
  const failing = localforage({
    getItem: (key) => app.getItem(key),
    setItem: (key, value) => (key === "c" ? Promise.reject(new Error("disk")) : app.setItem(key, value)),
    removeItem: (key) => app.removeItem(key),
    keys: () => app.keys(),
    ready: () => app.ready(),
    config: () => app.config(),
    driver: () => app.driver(),
  });
  const changes = failing.watch();
  await assert.rejects(
    failing.setMany(["a", "b", "c", "d"].map((key) => [key, utf8("new")])),
    (error) => isStoreError(error, "unavailable") && (error.cause as Error).message === "disk",
  );
  assert.deepEqual(await app.keys(), ["a"]);
  assert.deepEqual(await app.getItem("a"), { old: true });
  await failing.close();
  assert.deepEqual(await changes.next(), { done: true, value: undefined });
});

test("a sweep spares what was written since it saw the old value", async () => {
  const clock = createClock();
  const app = fresh(drivers.IndexedDB);
  const store = localforage(app, { now: clock.now });
  await store.set("key", utf8("old"), { ttl: 1000 });
  clock.advance(1000);
  const late = localforage(
    {
      getItem: async (key) => {
        const found = await app.getItem(key);
        await app.setItem(key, "fresh");
        return found;
      },
      setItem: (key, value) => app.setItem(key, value),
      removeItem: (key) => app.removeItem(key),
      keys: () => app.keys(),
      ready: () => app.ready(),
      config: () => app.config(),
      driver: () => app.driver(),
    },
    { now: clock.now },
  );
  assert.equal(await late.sweep(), 0);
  assert.equal(await app.getItem("key"), "fresh");
});

test("what is aborted while it waits for its turn is not done", async () => {
  const app = fresh(drivers.IndexedDB, "aborted");
  const store = localforage(app);
  const aborter = new AbortController();
  await navigator.locks.request("shelflife:localforage:aborted/keyvaluepairs", async () => {
    const waiting = store.set("key", utf8("x"), { signal: aborter.signal });
    aborter.abort("enough");
    await assert.rejects(waiting, (reason) => reason === "enough");
  });
  await store.set("other", utf8("x"));
  assert.deepEqual(await app.keys(), ["other"]);
});

test("without Web Locks atomic calls are unsupported, unless nobody else uses the data", async () => {
  const locks = Object.getOwnPropertyDescriptor(Navigator.prototype, "locks")!;
  Object.defineProperty(Navigator.prototype, "locks", { value: undefined, configurable: true });
  try {
    const clock = createClock();
    const app = fresh(drivers.IndexedDB);
    const store = localforage(app, { now: clock.now });
    await store.set("key", utf8("1"), { ttl: 1000 });
    await assert.rejects(store.increment("key"), (error) => isStoreError(error, "unsupported"));
    await assert.rejects(store.sweep(), (error) => isStoreError(error, "unsupported"));
    clock.advance(1000);
    assert.equal(await store.find("key"), undefined);
    await store.set("key", utf8("2"));
    await store.delete("key");
    await assert.rejects(store.delete("key"), (error) => isStoreError(error, "not-found"));

    const mine = [localforage(app, { exclusive: true }), localforage(app, { exclusive: true })];
    await Promise.all(Array.from({ length: 50 }, (_, index) => mine[index % 2]!.increment("count")));
    assert.equal(await app.getItem("count"), 50);
    assert.equal(await mine[0]!.sweep(), 0);
  } finally {
    Object.defineProperty(Navigator.prototype, "locks", locks);
  }
});

test("a lock that is refused is unavailable, and asked for again by the next call", async () => {
  const manager = Object.getPrototypeOf(navigator.locks) as LockManager;
  const { request } = manager;
  const store = localforage(fresh(drivers.IndexedDB));
  manager.request = () => Promise.reject(new DOMException("gone", "InvalidStateError"));
  try {
    const refused = await Promise.allSettled([store.set("a", utf8("1")), store.increment("b")]);
    assert.deepEqual(
      refused.map(({ status, reason }: any) => [status, reason.code]),
      [
        ["rejected", "unavailable"],
        ["rejected", "unavailable"],
      ],
    );
  } finally {
    manager.request = request;
  }
  await store.set("a", utf8("1"));
});

test("localForage's failure is unavailable, never a miss", async () => {
  const broken = forage.createInstance({ name: "broken", driver: "no such driver" });
  const store = localforage(broken);
  await assert.rejects(store.find("key"), (error) => isStoreError(error, "unavailable") && error.key === "key");
  await assert.rejects(store.list(), (error) => isStoreError(error, "unavailable"));
});

test("what is no instance, and what is no option, is bad-config", () => {
  assert.throws(
    () => localforage({} as LocalForage),
    (error) => isStoreError(error, "bad-config"),
  );
  assert.throws(
    () => localforage(undefined as never),
    (error) => isStoreError(error, "bad-config"),
  );
  assert.throws(
    () => localforage(forage, { exclusive: 1, ttl: 2 } as object),
    /"exclusive" must be true or false, got 1; option "ttl"/,
  );
});

test("a store tells by the driver whether it is persistent", () => {
  const withDriver = (name: string): boolean =>
    localforage({
      ...forage,
      ready: async () => {},
      driver: () => name,
      config: () => ({}),
    }).isPersistent();
  assert.deepEqual(
    ["asyncStorage", "localStorageWrapper", "memoryStorageDriver", "sessionStorageWrapper"].map(withDriver),
    [true, true, false, false],
  );
});

/** A Storage of so many UTF-16 units, for the driver that wants one. Browsers' own are tested in e2e. */
function fakeLocalStorage(): { quota: { units: number } } {
  const items = new Map<string, string>();
  let order: string[] | undefined;
  const quota = { units: Infinity };
  const localStorage: Storage = {
    get length() {
      return items.size;
    },
    key: (index) => (order ??= [...items.keys()])[index] ?? null,
    getItem: (key) => items.get(String(key)) ?? null,
    setItem(key, value) {
      if (quota.units !== Infinity && units(key, value) > quota.units)
        throw new DOMException("The quota has been exceeded", "QuotaExceededError");
      items.set(String(key), String(value));
      order = undefined;
    },
    removeItem(key) {
      items.delete(String(key));
      order = undefined;
    },
    clear() {
      items.clear();
      order = undefined;
    },
  };
  function units(key: string, value: string): number {
    return [...new Map([...items, [key, value]])].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  }

  Object.defineProperty(globalThis, "localStorage", { value: localStorage, configurable: true });
  return { quota };
}
