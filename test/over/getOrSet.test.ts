import assert from "node:assert/strict";
import { test } from "vitest";
import { z } from "zod";
import { count, getOrSet } from "../../src/extras.ts";
import { createStore, json, memory, prefix, type Store } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";
import { text, utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";
import { far, storeKinds } from "../support/storeKinds.ts";
import { until } from "../support/until.ts";
import { createLoads } from "./getOrSet/loads.ts";

for (const [kind, open] of Object.entries(storeKinds)) {
  test(`${kind}: a thousand callers have one load, whose value is stored with its lifetime, and each gets its own`, async () => {
    const store = open();
    const loads = createLoads(async () => utf8("loaded"));
    const callers = Array.from({ length: 1000 }, () => getOrSet(store, "key", loads.load, { ttl: 60_000 }));
    const values = await Promise.all(callers);
    assert.deepEqual([loads.count, values.length, new Set(values).size], [1, 1000, 1000]);
    values[0]!.fill(0);
    assert.equal(text(values[1]), "loaded");
    const { value, expiresAt } = (await store.entry("key"))!;
    assert.equal(text(value), "loaded");
    assert.ok(expiresAt > Date.now() && expiresAt <= Date.now() + 61_000);
    assert.equal(text(await getOrSet(store, "key", loads.load)), "loaded");
    assert.equal(loads.count, 1);
    assert.equal(await count(store), 1);
    await store.close();
  });

  test(`${kind}: as JSON, and with staleFor, the same`, async () => {
    const store = json<{ n: number }>(open());
    const loads = createLoads(async () => ({ n: loads.count }));
    const ask = () => getOrSet(store, "key", loads.load, { ttl: 60_000, staleFor: 1000, lease: 60_000 });
    const values = await Promise.all(Array.from({ length: 100 }, ask));
    assert.deepEqual(
      [...values, await ask()],
      Array.from({ length: 101 }, () => ({ n: 1 })),
    );
    assert.notEqual(values[0], values[1]);
    assert.equal(await count(store), 1);
    await store.close();
  });
}

test("a load that fails rejects for all callers that wait, stores nothing, and is made again by the next", async () => {
  const store = memory();
  const loads = createLoads(() => Promise.reject(new Error("no network")));
  const callers = await Promise.allSettled([1, 2, 3].map(() => getOrSet(store, "key", loads.load)));
  assert.deepEqual(
    callers.map((each) => (each as PromiseRejectedResult).reason.message),
    ["no network", "no network", "no network"],
  );
  assert.deepEqual([loads.count, await count(store)], [1, 0]);
  assert.equal(text(await getOrSet(store, "key", () => utf8("now"))), "now");
  await assert.rejects(getOrSet(store, "other", () => { throw new Error("at once"); }), /at once/); // prettier-ignore
  assert.equal(text(await getOrSet(store, "other", () => utf8("then"))), "then");
});

test("a caller who leaves leaves alone; the load goes on for the others", async () => {
  const store = memory();
  const loads = createLoads();
  const stop = new AbortController();
  const leaving = getOrSet(store, "key", loads.load, { signal: stop.signal });
  const staying = getOrSet(store, "key", loads.load);
  await until(() => loads.count);
  stop.abort("leaves");
  await assert.rejects(leaving, (reason) => reason === "leaves");
  assert.equal(loads.signals[0]!.aborted, false);
  loads.land(0, utf8("1"));
  assert.equal(text(await staying), "1");
  assert.deepEqual([loads.count, loads.signals[0]!.aborted], [1, false]);
});

test("when the last has left, the load is given up: what it brings is not stored, and the next caller has one of its own", async () => {
  const store = memory();
  const loads = createLoads();
  const stops = [new AbortController(), new AbortController()];
  const leaving = stops.map(({ signal }) => getOrSet(store, "key", loads.load, { signal }));
  await until(() => loads.count);
  for (const [index, stop] of stops.entries()) stop.abort(index);
  for (const [index, each] of leaving.entries()) await assert.rejects(each, (reason) => reason === index);
  assert.equal(loads.signals[0]!.reason, 1);
  const next = getOrSet(store, "key", loads.load);
  await until(() => loads.count === 2);
  loads.land(0, utf8("given up"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await store.find("key"), undefined);
  loads.land(1, utf8("2"));
  assert.equal(text(await next), "2");
  assert.equal(text(await store.get("key")), "2");
});

test("a load that is given up while it is written leaves those alone who come then", async () => {
  const store = memory();
  let release = (): void => {};
  const slow: Store = {
    ...store,
    transact: (...given) =>
      new Promise((resolve, reject) => (release = () => store.transact(...given).then(resolve, reject))),
  };
  const loads = createLoads();
  const stop = new AbortController();
  const leaving = getOrSet(slow, "key", loads.load, { signal: stop.signal });
  await until(() => loads.count === 1);
  loads.land(0, utf8("1"));
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort("leaves");
  await assert.rejects(leaving, (reason) => reason === "leaves");
  const next = getOrSet(slow, "key", loads.load);
  await until(() => loads.count === 2);
  release();
  await new Promise((resolve) => setImmediate(resolve));
  const another = getOrSet(slow, "key", loads.load);
  await new Promise((resolve) => setImmediate(resolve));
  loads.fail(1, new Error("no network"));
  await assert.rejects(next, /no network/);
  await assert.rejects(another, /no network/);
  assert.equal(loads.count, 2);
});

test("a value that is over when it is stored is returned all the same, and loaded once", async () => {
  const store = memory();
  const loads = createLoads(async () => utf8("1"));
  assert.equal(text(await getOrSet(store, "key", loads.load, { expiresAt: 1 })), "1");
  assert.deepEqual([loads.count, await count(store)], [1, 0]);
});

test("where another writer was faster, nothing is stored, and its value is returned", async () => {
  const store = memory();
  const loads = createLoads();
  const waiting = getOrSet(store, "key", loads.load, { ttl: 5 });
  await until(() => loads.count);
  await store.set("key", utf8("theirs"));
  loads.land(0, utf8("ours"));
  assert.equal(text(await waiting), "theirs");
  assert.deepEqual(await store.entry("key"), { value: utf8("theirs"), expiresAt: Infinity });
});

test("a caller whose miss comes late, when the load has landed, makes no other", async () => {
  const store = memory();
  const waiting: (() => void)[] = [];
  const slow: Store = {
    ...store,
    async entry(key, options) {
      const found = await store.entry(key, options);
      if (waiting.length < 2) await new Promise<void>((resolve) => waiting.push(resolve));
      return found;
    },
  };
  const loads = createLoads(async () => utf8("1"));
  const both = [getOrSet(slow, "key", loads.load), getOrSet(slow, "key", loads.load)] as const;
  await until(() => waiting.length === 2);
  waiting[0]!();
  await both[0];
  waiting[1]!();
  assert.equal(text(await both[1]), "1");
  assert.equal(loads.count, 1);
});

test("undefined is no value", async () => {
  const store = memory();
  const error = await refused(getOrSet(store, "key", (async () => {}) as never), "cant-encode", /^Cannot load key "key": expected a value, got undefined$/); // prettier-ignore
  assert.equal(error.key, "key");
  await refused(
    getOrSet(json(store), "key", () => NaN),
    "cant-encode",
  );
  assert.equal(await count(store), 0);
  assert.equal(await getOrSet(json(store), "key", () => null), null);
});

test("each store object has loads of its own, and so has each key", async () => {
  const store = memory();
  const loads = createLoads(async () => utf8("1"));
  const views = [store, prefix(store, "a/"), prefix(store, "b/")];
  await Promise.all(views.flatMap((view) => ["1", "2"].map((key) => getOrSet(view, key, loads.load))));
  assert.equal(loads.count, 6);
});

test("what is returned is what the store makes of it", async () => {
  const schema = z.string().transform((text) => text.length);
  const lengths = json(memory(), { schema });
  assert.equal(await getOrSet(lengths, "key", () => "four"), 4);
  assert.equal(await getOrSet(lengths, "key", () => "another"), 4);
  // @ts-expect-error -- a load gives what is written
  const wrong = getOrSet(lengths, "other", () => 4);
  await refused(wrong, "cant-encode");
});

test("with staleFor an old value is returned at once, while it is loaded once; then the new one is", async () => {
  const clock = createClock();
  const store = memory({ now: clock.now });
  const loads = createLoads();
  const ask = () => getOrSet(store, "key", loads.load, { ttl: 100, staleFor: 50, now: clock.now });
  const first = ask();
  await until(() => loads.count === 1);
  loads.land(0, utf8("1"));
  assert.equal(text(await first), "1");
  assert.equal((await store.entry("key"))!.expiresAt, clock.now() + 150);
  clock.advance(99);
  assert.equal(text(await ask()), "1");
  assert.equal(loads.count, 1);
  clock.advance(1);
  assert.deepEqual((await Promise.all(Array.from({ length: 100 }, ask))).map(text), Array(100).fill("1"));
  assert.equal(loads.count, 2);
  loads.land(1, utf8("2"));
  await until(async () => text(await store.get("key")) === "2");
  assert.equal(text(await ask()), "2");
  assert.deepEqual([loads.count, (await store.entry("key"))!.expiresAt], [2, clock.now() + 150]);
  clock.advance(150);
  const over = ask();
  await until(() => loads.count === 3);
  loads.land(2, utf8("3"));
  assert.equal(text(await over), "3");
});

test("a load in the background that fails leaves the old value, and is tried again; what is fresh by then is left", async () => {
  const clock = createClock();
  const store = memory({ now: clock.now });
  const loads = createLoads();
  const ask = () => getOrSet(store, "key", loads.load, { ttl: 100, staleFor: 50, now: clock.now });
  await store.set("key", utf8("1"), { ttl: 50 });
  assert.equal(text(await ask()), "1");
  loads.fail(0, new Error("no network"));
  await until(async () => (await ask(), loads.count === 2));
  await store.set("key", utf8("theirs"), { ttl: 200 });
  loads.land(1, utf8("2"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(text(await ask()), "theirs");
  assert.equal(loads.count, 2);
});

test("a store without atomic calls is looked at before it is written to, and refuses a lease", async () => {
  const entries = new Map<string, any>();
  const store = createStore({
    get: (key) => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => entries.delete(key),
    isPersistent: () => false,
  });
  const loads = createLoads();
  const waiting = getOrSet(store, "key", loads.load, { ttl: 60_000 });
  await until(() => loads.count === 1);
  loads.land(0, utf8("1"));
  assert.equal(text(await waiting), "1");
  const late = getOrSet(store, "late", loads.load);
  await until(() => loads.count === 2);
  await store.set("late", utf8("theirs"));
  loads.land(1, utf8("ours"));
  assert.equal(text(await late), "theirs");
  await refused(getOrSet(store, "other", loads.load, { lease: 1000 }), "unsupported");
  assert.equal(loads.count, 2);
});

test("a value that the store cannot take rejects with the store's error", async () => {
  const store = far(memory());
  await store.close();
  await refused(
    getOrSet(store, "key", () => utf8("1")),
    "closed",
  );
  await refused(
    getOrSet(memory({ maxBytes: 10 }), "key", () => new Uint8Array(100)),
    "quota-exceeded",
  );
});

test("what is wrong is one StoreError, and loads nothing", async () => {
  const loads = createLoads();
  for (const [options, message] of [
    [{ ttl: 0 }, /^Invalid ttl: expected a number of ms above 0, got 0$/],
    [{ staleFor: Infinity }, /^Invalid staleFor: expected 0 to 4e15 ms, got Infinity$/],
    // Added to a deadline it would be none.
    [{ staleFor: 2 ** 53 - 1 }, /^Invalid staleFor: expected 0 to 4e15 ms, got 9007199254740991$/],
    [{ staleFor: -1 }, /^Invalid staleFor/],
    [{ lease: -1 }, /^Invalid lease: expected 0 to 4e15 ms, got -1$/],
    [{ lease: 2 ** 53 }, /^Invalid lease/],
    [{ lease: Infinity }, /^Invalid lease/],
    [{ now: 5 }, /^Invalid now: expected a function, got 5$/],
    [5, /^Invalid options/],
  ] as const)
    await refused(getOrSet(memory(), "key", loads.load, options as never), "invalid-argument", message);
  await refused(getOrSet(memory(), "", loads.load), "invalid-argument", /^Invalid key/);
  await refused(getOrSet(5 as never, "key", loads.load), "invalid-argument", /^Invalid store/);
  await refused(
    getOrSet(memory(), "key", 5 as never),
    "invalid-argument",
    /^Invalid load: expected a function, got 5$/,
  );
  assert.equal(loads.count, 0);
});
