import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { onTestFinished, test, vi } from "vitest";
import { cached, createStore, isStoreError, memory, UNCHANGED, type Backend, type Entry } from "../../src/index.ts";

const value = new Uint8Array([1]);
const isInvalid = (error: unknown): boolean => isStoreError(error, "invalid-argument");

test("what pretends to be bytes is none, and bytes of another realm or class are", async () => {
  const store = memory();
  class Mine extends Uint8Array {
    override get [Symbol.toStringTag](): "Uint8Array" {
      return "Mine" as "Uint8Array";
    }
  }
  const pretend = (thing: object): object => Object.defineProperty(thing, Symbol.toStringTag, { value: "Uint8Array" });
  for (const [name, wrong] of Object.entries({
    "an object with the tag": pretend({ length: 1, 0: 1 }),
    "a function with the tag": pretend(() => {}),
    "a DataView with the tag": pretend(new DataView(new ArrayBuffer(1))),
    "an Int8Array with the tag": pretend(new Int8Array(1)),
    "an object of the class": Object.create(Uint8Array.prototype) as object,
    "clamped bytes": new Uint8ClampedArray(1),
    "a buffer": new ArrayBuffer(1),
  })) {
    await assert.rejects(store.set("key", wrong as never), isInvalid, name);
    await assert.rejects(store.compareAndSet("key", wrong as never, value), isInvalid, name);
    await assert.rejects(
      store.update("key", () => wrong as never),
      isInvalid,
      name,
    );
    assert.equal(await store.find("key"), undefined, name);
  }
  for (const right of [new Mine([1]), runInNewContext("new Uint8Array([1])") as Uint8Array, Buffer.from([1])]) {
    await store.set("key", right);
    assert.deepEqual(await store.get("key"), value);
  }
});

test("a backend that says null for nothing is taken at its word", async () => {
  const entries = new Map<string, Entry>();
  const nothing = null as never;
  const get: Backend["get"] = (key) => entries.get(key) ?? nothing;
  const backend: Backend = {
    get,
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => entries.delete(key),
    isPersistent: () => false,
  };
  const more: Partial<Backend> = {
    head: get,
    getMany: async (keys) => keys.map((key) => entries.get(key) ?? nothing),
    take: async () => nothing,
    async mutate(key, decide) {
      const next = decide(entries.get(key) ?? nothing);
      if (next === UNCHANGED) return;
      if (next) entries.set(key, next);
      else entries.delete(key);
    },
  };
  for (const store of [
    createStore(backend),
    createStore({ ...backend, ...more }),
    createStore({ ...backend, mutate: more.mutate! }),
  ]) {
    // prettier-ignore
    entries.clear();
    assert.deepEqual(
      [await store.find("a"), await store.has("a"), await store.entry("a"), await store.findMany(["a"]), await store.deleteMany(["a"])],
      [undefined, false, undefined, [undefined], 0],
    ); // prettier-ignore
    await assert.rejects(store.get("a"), (error) => isStoreError(error, "not-found"));
    await assert.rejects(store.delete("a"), (error) => isStoreError(error, "not-found"));
    const calls = [() => store.take("a"), () => store.touch("a", { ttl: 1 }), () => store.compareAndSet("a", value, value), () => store.update("a", (current) => current)]; // prettier-ignore
    const results = await Promise.all(calls.map((call) => call().catch((error) => isStoreError(error, "unsupported"))));
    assert.ok(
      results.every((result) => result === undefined || typeof result === "boolean"),
      String(results),
    );
  }
});

test("a fake clock that comes or goes later reaches a store and a cache that have none of their own", async () => {
  onTestFinished(() => void vi.useRealTimers());
  const open = (): ReturnType<typeof memory>[] => [memory(), cached(memory(), { maxBytes: 1000 })];
  for (const store of open()) {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
    await store.set("key", value, { ttl: 1000 });
    assert.equal((await store.entry("key"))!.expiresAt, 1_001_000);
    assert.equal(await store.sweep(), 0);
    assert.deepEqual(await store.find("key"), value);
    vi.setSystemTime(1_001_000);
    assert.equal(await store.find("key"), undefined);
    vi.useRealTimers();
  }
  vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  const made = open();
  vi.useRealTimers();
  for (const store of made) {
    await store.set("key", value, { ttl: 1000 });
    assert.ok((await store.entry("key"))!.expiresAt > 1_001_000);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2000 });
    assert.equal(await store.find("key"), undefined);
    vi.useRealTimers();
  }
});

test("calls wait for an update or a transact only if one was made inside it, and then come in their order", async () => {
  const store = memory();
  const waits = vi.spyOn(Promise, "allSettled");
  await store.update("key", () => value);
  await store.transact(["key"], (entries) => entries);
  assert.equal(waits.mock.calls.length, 0);
  for (const change of [
    (inside: () => void) => store.update("key", () => (inside(), value)),
    (inside: () => void) => store.transact(["key"], () => (inside(), [{ value }])),
  ]) {
    let seen: Promise<Uint8Array> | undefined;
    let set: Promise<void> | undefined;
    const changed = change(() => {
      seen = store.get("key");
      set = store.set("key", Uint8Array.of(2));
    });
    assert.deepEqual(await store.get("key"), Uint8Array.of(2));
    assert.deepEqual(await seen, value);
    await Promise.all([changed, set]);
  }
  await assert.rejects(store.update("key", () => assert.fail("thrown")), /thrown/); // prettier-ignore
  assert.deepEqual(await store.get("key"), Uint8Array.of(2));
});

test("a call that is made inside transact comes after it", async () => {
  const store = memory();
  await store.increment("count", 1);
  let inside: Promise<unknown> | undefined;
  await store.transact(["count", "other"], ([count, other]) => {
    inside ??= Promise.all([store.increment("count", 10), store.setIfAbsent("other", value)]);
    return [{ value: count!.value }, other ?? { value }];
  });
  assert.deepEqual(await inside, [11, false]);
});
