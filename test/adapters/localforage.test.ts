import assert from "node:assert/strict";
import { test } from "vitest";
import { localforage } from "../../src/adapters/localforage.ts";
import { isStoreError } from "../../src/core/error.ts";
import { createClock } from "../../src/testing.ts";
import { json } from "../../src/views/json.ts";
import { text, utf8 } from "../support/bytes.ts";
import { drivers, forage, fresh } from "./localforage/forage.ts";

for (const [name, driver] of Object.entries(drivers)) {
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

  test(`${name}: a record that is damaged, or of a version to come, is reported and hurts no other`, async () => {
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

test("a store is persistent if its driver is", () => {
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
