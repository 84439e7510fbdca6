// What is acknowledged and not committed: how much of it there may be, and how it ends. Over a backend whose commits a test lets
// happen or fail one by one.
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { StoreError } from "../../../src/index.ts";
import type { Change } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { bufferedStore, turn } from "../../support/gatedMedium.ts";

const full = (key?: string): StoreError => new StoreError("quota-exceeded", "Cannot store it", { key });

test("with 1,000 writes or 4 MiB not committed, a set waits for that", async (context) => {
  for (const size of [1, 1 << 20]) {
    const { store, log, entries, commit, free } = bufferedStore(context);
    const most = size === 1 ? 1000 : 4;
    for (let index = 1; index < most; index++) await store.set(`${index}`, new Uint8Array(size));
    assert.deepEqual(log, []);
    let isDone = false;
    const waiting = [store.set("last", new Uint8Array(size)), store.set("more", new Uint8Array(size))];
    for (const each of waiting) void each.then(() => (isDone = true));
    await turn();
    assert.deepEqual([log.length, isDone], [most + 1, false]);
    await commit();
    await Promise.all(waiting);
    assert.equal(entries.size, most + 1);
    // There is room again, for just as many.
    for (let index = 1; index < most; index++) await store.set(`${index}`, new Uint8Array(size));
    assert.equal(log.length, most + 1);
    const again = store.setMany([["last", new Uint8Array(size)]]);
    isDone = false;
    void again.then(() => (isDone = true));
    await turn();
    assert.equal(isDone, false);
    await free();
    await again;
    vi.useRealTimers();
  }
});

test("sets of one key count once", async (context) => {
  const { store, log } = bufferedStore(context);
  for (let index = 0; index < 20; index++) await store.set("a", new Uint8Array(1 << 20));
  assert.deepEqual(log, []);
});

test("a flush waits for what was written before it, and is over at once when that is nothing", async (context) => {
  const { store, entries, commit } = bufferedStore(context);
  await store.flush();
  await store.set("a", utf8("1"));
  let isDone = false;
  const flushing = store.flush().then(() => (isDone = true));
  await turn();
  assert.equal(isDone, false);
  await commit();
  await flushing;
  assert.equal(entries.size, 1);
  const reason = new Error("enough");
  await assert.rejects(store.flush({ signal: AbortSignal.abort(reason) }), reason);
});

test("changes are reported when they are committed, never before", async (context) => {
  const { store, commit, tick } = bufferedStore(context);
  const reported: Change[] = [];
  const watch = store.watch();
  const reading = (async () => {
    for await (const change of watch) reported.push(change);
  })();
  await store.set("a", utf8("1"));
  tick(10);
  await turn();
  assert.deepEqual(reported, []);
  await commit();
  assert.deepEqual(reported, [{ type: "set", key: "a" }]);
  await watch.return!();
  await reading;
});

test("a failure goes to onError and to each watch, and then reads show what the medium has", async (context) => {
  const errors: StoreError[] = [];
  const { store, commit, tick, free } = bufferedStore(context, (error) => errors.push(error));
  await store.set("a", utf8("old"));
  tick(10);
  await commit();
  const watches = [store.watch(), store.watch({ prefix: "b" })].map((watch) => watch.next());
  const ended = store.watch();
  await store.find("a");
  await ended.return!();
  await store.set("a", utf8("new"));
  tick(10);
  assert.equal(text(await store.find("a")), "new");
  const error = full("a");
  const rejected = [...watches, store.flush()].map((each) => assert.rejects(each, error));
  await commit(error);
  await Promise.all(rejected);
  assert.deepEqual(errors, [error]);
  assert.equal(text(await store.find("a")), "old");
  await free();
  await store.flush();
  await store.close();
});

test("without onError a failure rejects the next flush or close, once", async (context) => {
  for (const how of ["flush", "close"] as const) {
    const { store, commit, tick, log } = bufferedStore(context);
    await store.set("a", utf8("1"));
    tick(10);
    const error = full("a");
    await commit(error);
    await assert.rejects(store[how](), error);
    if (how === "flush") {
      await store.flush();
      await store.close();
    }
    assert.equal(log.at(-1), "close");
    vi.useRealTimers();
  }
});

test("a write that fails beside others fails alone", async (context) => {
  const { store, backend, free, tick, entries } = bufferedStore(context, () => {});
  const { set } = backend;
  Object.assign(backend, {
    set: (...args: Parameters<typeof set>) => (args[0] === "b" ? Promise.reject(full("b")) : set(...args)),
  });
  for (const key of ["a", "b", "c"]) await store.set(key, utf8(key));
  tick(10);
  await free();
  assert.deepEqual([...entries.keys()], ["a", "c"]);
});

test("a close commits what waits", async (context) => {
  const { store, entries, free } = bufferedStore(context);
  await store.set("a", utf8("1"));
  const closing = store.close();
  await free();
  await closing;
  assert.equal(entries.size, 1);
});
