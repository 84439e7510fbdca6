import assert from "node:assert/strict";
import { test } from "vitest";
import { localforage } from "../../../src/adapters/localforage.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { createClock } from "../../../src/testing.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { drivers, forage, fresh, quota } from "./forage.ts";

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
