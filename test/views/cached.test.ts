import assert from "node:assert/strict";
import { test } from "vitest";
import { cached, isStoreError, json, memory, prefix, StoreError, type Store } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";
import { text, utf8 } from "../support/bytes.ts";
import { below, maxBytes, settled, warm } from "./cached/below.ts";

test("options are checked", () => {
  const store = memory();
  for (const bad of [0, -1, 1.5, Number.NaN, Infinity, "5", undefined]) {
    assert.throws(
      () => cached(store, { maxBytes: bad as number }),
      (error) => isStoreError(error, "invalid-argument") && /maxBytes/.test(error.message),
    );
  }
  assert.throws(
    () => cached(store, { maxBytes, now: 5 as never }),
    (error) => isStoreError(error, "invalid-argument"),
  );
});

test("what was read is read from memory, by every call that reads, and never aliased", async (context) => {
  const { view, store, asked } = await warm(context);
  // Past the view, and reported to no watch.
  const { get, find, has, findMany } = store;
  Object.assign(store, { get: fail, find: fail, has: fail, findMany: fail });
  function fail(): never {
    throw new Error("The store was asked");
  }
  (await view.get("key")).fill(0);
  (await view.find("key"))!.fill(0);
  (await view.entry("key"))!.value.fill(0);
  (await view.findMany(["key"]))[0]!.fill(0);
  assert.deepEqual(await view.entry("key"), { value: utf8("old"), expiresAt: Infinity });
  assert.deepEqual((await view.findMany(["key", "key"])).map(text), ["old", "old"]);
  assert.deepEqual([text(await view.get("key", {})), text(await view.find("key", {}))], ["old", "old"]);
  assert.deepEqual([await view.has("key"), asked], [true, []]);
  Object.assign(store, { get, find, has, findMany });
});

test("a hit with an aborted signal, or with no options, rejects as ever", async (context) => {
  const { view } = await warm(context);
  const reason = new Error("enough");
  for (const name of ["get", "find", "has", "entry"] as const) {
    await assert.rejects(view[name]("key", { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(view[name]("key", null as never), (error) => isStoreError(error, "invalid-argument"));
  }
  await assert.rejects(view.findMany([], { signal: AbortSignal.abort(reason) }), reason);
});

test("concurrent reads of one key share one, each with its own bytes and signal", async (context) => {
  const under = below();
  const view = cached(under.store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", utf8("x"));
  for (const state of ["before the watch", "while it is there"]) {
    under.asked.length = 0;
    const release = under.keepBack();
    const controller = new AbortController();
    const reason = new Error("enough");
    const reads = [view.find("key"), view.find("key", { signal: controller.signal }), view.get("key")];
    const [first, second, third] = [...reads, view.find("key")];
    controller.abort(reason);
    await assert.rejects(second!, reason);
    release();
    (await first)!.fill(0);
    assert.equal(text(await third), "x", state);
    assert.deepEqual(under.asked, ["key"], state);
    await Promise.all(reads.map((read) => read.catch(() => {})));
    await view.set("key", utf8("x"));
    await settled();
  }
});

test("a read that fails rejects for all callers that wait for it, and is not kept", async (context) => {
  const { view, store } = await warm(context);
  const { entry } = store;
  const error = new StoreError("unavailable", "Cannot reach it");
  store.entry = () => Promise.reject(error);
  const results = await Promise.allSettled([view.get("other"), view.find("other"), view.findMany(["key", "other"])]);
  assert.deepEqual(
    results.map((result) => result.status === "rejected" && result.reason === error),
    [true, true, true],
  );
  store.entry = entry;
  assert.equal(await view.find("other"), undefined);
});

test("a value is not returned in the millisecond of its deadline, and then removed by the store", async (context) => {
  const clock = createClock();
  const inner = memory({ now: clock.now });
  const view = cached(inner, { maxBytes, now: clock.now });
  context.onTestFinished(() => view.close());
  await view.set("key", utf8("x"), { ttl: 10 });
  await view.find("key");
  await view.find("key");
  const watch = inner.watch();
  clock.advance(9);
  assert.equal(text(await view.find("key")), "x");
  clock.advance(1);
  for (const read of [view.find("key"), view.has("key").then((has) => has || undefined), view.entry("key")])
    assert.equal(await read, undefined);
  await assert.rejects(view.get("key"), (error) => isStoreError(error, "not-found") && error.key === "key");
  assert.deepEqual((await watch.next()).value, { type: "expire", key: "key" });
  await watch.return!();
});

test("a miss is not held", async (context) => {
  const { view, store, asked } = await warm(context);
  assert.equal(await view.find("none"), undefined);
  assert.equal(await view.find("none"), undefined);
  assert.deepEqual(asked, ["none", "none"]);
  await store.set("none", utf8("x"));
  assert.equal(text(await view.find("none")), "x");
});

test("it holds no more than it may, and keeps what is used", async (context) => {
  const inner = below();
  const view = cached(inner.store, { maxBytes: 100 });
  context.onTestFinished(() => view.close());
  await view.find("none");
  for (const key of ["a", "b", "c"]) await view.set(key, new Uint8Array(30));
  await settled();
  const readAll = async (...keys: string[]): Promise<string[]> => {
    inner.asked.length = 0;
    for (const key of keys) await view.find(key);
    return [...inner.asked];
  };
  assert.deepEqual(await readAll("a", "b", "c"), ["a", "b", "c"]);
  assert.deepEqual(await readAll("a", "b", "c"), []);
  // Four of 32 bytes are too many. SIEVE passes those that were used, once.
  await view.set("d", new Uint8Array(30));
  await settled();
  await readAll("d", "b", "c");
  assert.deepEqual(await readAll("b", "c", "d"), []);
  assert.deepEqual(await readAll("a"), ["a"]);
  // Only what is used again and again is passed by again.
  await view.find("c");
  await readAll("a", "b");
  assert.deepEqual(await readAll("c"), []);
  // What could never fit puts nothing out.
  await view.set("e", new Uint8Array(99));
  await settled();
  assert.deepEqual(await readAll("e", "e"), ["e", "e"]);
  // Two bytes for each unit of a key.
  const long = "k".repeat(50);
  await view.set(long, new Uint8Array(1));
  await settled();
  assert.deepEqual(await readAll(long, long), [long, long]);
});

test("a value that is replaced counts once", async (context) => {
  const inner = below();
  const view = cached(inner.store, { maxBytes: 100 });
  context.onTestFinished(() => view.close());
  await view.set("kept", new Uint8Array(40));
  for (let round = 0; round < 50; round++) {
    await view.set("key", new Uint8Array(40));
    await settled();
    await view.findMany(["kept", "key"]);
    await view.findMany(["kept", "key"]);
  }
  inner.asked.length = 0;
  await view.findMany(["kept", "key"]);
  assert.deepEqual(inner.asked, []);
});

test("values that are no bytes are read from the store, each the caller's own", async (context) => {
  const store = json<{ list: number[] }>(memory());
  const view = cached(store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", { list: [1] });
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all([view.get("key"), view.get("key"), view.find("key")]);
    all[0].list.push(2);
    assert.deepEqual(all.slice(1), [{ list: [1] }, { list: [1] }]);
  }
});

test("views over it and under it see their own keys", async (context) => {
  const store = memory();
  const over = json<number>(prefix(cached(store, { maxBytes }), "a/"));
  const under = prefix(cached(prefix(store, "a/"), { maxBytes }), "b/");
  context.onTestFinished(() => over.close());
  await over.set("b/n", 1);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual([await over.get("b/n"), text(await under.get("n"))], [1, "1"]);
    await settled();
  }
  await under.set("n", utf8("2"));
  await settled();
  assert.equal(await over.get("b/n"), 2);
});

test("a hit asks the clock only for a value with a deadline, and no watch is begun by a write", async (context) => {
  let asked = 0;
  let watches = 0;
  const inner = memory();
  const store: Store = {
    ...inner,
    watch(options) {
      watches++;
      return inner.watch(options);
    },
  };
  const now = (): number => ++asked && Date.now();
  const view = cached(store, { maxBytes, now });
  context.onTestFinished(() => view.close());
  await view.set("key", utf8("x"));
  assert.equal(watches, 0);
  for (let round = 0; round < 100; round++) await view.find("key");
  assert.deepEqual([asked, watches], [0, 1]);
});
