// What calls cost, counted in promises, copies, encodings and timers: that does not depend on the clock.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { promiseHooks } from "node:v8";
import { createStore, json, memory, prefix, type Entry, type Store } from "../../src/index.ts";

const ttl = 3_600_000;
const value = new Uint8Array(100);
const profile = { name: "Ada", tags: ["reader", "näiv", "\u{1f600}"] };
const text = JSON.stringify(profile);

interface Counted {
  promises: number;
  /** How many arrays of bytes were made, other than by an encoder. */
  copies: number;
  /** How often text was made into bytes or back. */
  codings: number;
  timers: number;
}

/** Counts what a call costs until it returns: whatever is done later hangs on a promise. */
function counting(call: () => Promise<unknown>): Counted {
  const counted = { promises: 0, copies: 0, codings: 0, timers: 0 };
  const { Uint8Array } = globalThis;
  const encode = mock.method(TextEncoder.prototype, "encode");
  const decode = mock.method(TextDecoder.prototype, "decode");
  const setTimer = mock.method(globalThis, "setTimeout");
  globalThis.Uint8Array = new Proxy(Uint8Array, {
    construct(target, args: []) {
      counted.copies++;
      return new target(...args);
    },
  });
  const stop = promiseHooks.onInit(() => counted.promises++) as () => void;
  let result: Promise<unknown>;
  try {
    result = call();
  } finally {
    stop();
    globalThis.Uint8Array = Uint8Array;
    counted.codings = encode.mock.callCount() + decode.mock.callCount();
    counted.timers = setTimer.mock.callCount();
    mock.restoreAll();
  }
  result.catch(() => {});
  return counted;
}

/** A third party's backend, which holds bytes. */
function mapStore(): Store {
  const map = new Map<string, Entry>();
  return createStore({
    get: (key) => map.get(key),
    set: (key, entry) => void map.set(key, entry),
    delete: (key) => map.delete(key),
    isPersistent: () => false,
  });
}

test("a call of memory is one promise, and a copy where bytes change hands", async () => {
  const store = memory();
  const cost = { promises: 1, copies: 1, codings: 0, timers: 0 };
  assert.deepEqual(
    counting(() => store.set("a", value, { ttl })),
    cost,
  );
  assert.deepEqual(
    counting(() => store.find("a")),
    cost,
  );
  assert.deepEqual(
    counting(() => store.get("a")),
    cost,
  );
  assert.deepEqual(
    counting(() => store.find("none")),
    { ...cost, copies: 0 },
  );
});

test("JSON in memory is one promise: nothing is copied or encoded", async () => {
  const bytes = memory();
  const store = json(bytes);
  const cost = { promises: 1, copies: 0, codings: 0, timers: 0 };
  assert.deepEqual(
    counting(() => store.set("a", profile, { ttl })),
    cost,
  );
  assert.deepEqual(
    counting(() => store.find("a")),
    cost,
  );
  assert.deepEqual(
    counting(() => store.get("a")),
    cost,
  );
  const inside = json(bytes, { prefix: "in/" });
  assert.deepEqual(
    counting(() => inside.set("b", profile)),
    cost,
  );
  assert.deepEqual(
    counting(() => inside.find("b")),
    cost,
  );
  for (const found of [await store.get("a"), await store.get("in/b"), await inside.get("b")]) {
    assert.deepEqual(found, profile);
  }
});

test("JSON in what holds bytes is encoded and decoded, and not copied", async () => {
  for (const bytes of [mapStore(), memory({ maxBytes: 1000 })]) {
    const store = json(bytes);
    const cost = { promises: 1, copies: 0, codings: 1, timers: 0 };
    assert.deepEqual(
      counting(() => store.set("a", profile)),
      cost,
    );
    assert.deepEqual(
      counting(() => store.find("a")),
      cost,
    );
    assert.deepEqual(await store.get("a"), profile);
    assert.deepEqual(await bytes.get("a"), new TextEncoder().encode(text));
  }
});

test("what was written as JSON is bytes for every call on bytes, the caller's own", async () => {
  const bytes = memory();
  const encoded = new TextEncoder().encode(text);
  await json(bytes).set("a", profile, { ttl });
  (await bytes.get("a")).fill(0);
  assert.deepEqual(await bytes.find("a"), encoded);
  assert.deepEqual((await bytes.entry("a"))?.value, encoded);
  assert.deepEqual(await bytes.findMany(["a"]), [encoded]);
  assert.equal((await bytes.list()).entries[0]?.size, encoded.length);
  assert.equal(await bytes.touch("a", { ttl: 5000 }), true);
  assert.equal(await bytes.compareAndSet("a", encoded, encoded), true);
  await json(bytes).set("a", profile);
  assert.equal(await bytes.compareAndSet("a", new Uint8Array(1), encoded), false);
  assert.equal(await bytes.compareAndSet("a", encoded, encoded), true);
  await json(bytes).set("a", 41);
  assert.equal(await bytes.increment("a"), 42);
  await json(bytes).set("a", profile);
  assert.deepEqual(await bytes.take("a"), encoded);
});

test("whoever wraps a store has every call that he put into it asked", async () => {
  const inner = memory();
  const asked: string[] = [];
  const note =
    <Args extends unknown[], R>(name: string, call: (...args: Args) => R) =>
    (...args: Args): R => {
      asked.push(name);
      return call(...args);
    };
  const wrapped: Store = { ...inner, find: note("find", inner.find), set: note("set", inner.set) };
  for (const view of [json(wrapped), json(wrapped, { prefix: "in/" }), json(prefix(wrapped, "in/"))]) {
    await view.set("a", profile);
    assert.deepEqual(await view.find("a"), profile);
    assert.deepEqual(await view.get("a"), profile);
  }
  assert.deepEqual(asked, ["set", "find", "set", "find", "set", "find"]);

  // Put in later, and in a way that leaves the store's own function to be seen through it.
  const view = json(inner);
  const get = mock.method(inner, "get");
  assert.deepEqual(await view.get("in/a"), profile);
  assert.equal(get.mock.callCount(), 1);
});

test("a deadline that moves away costs nothing more", async () => {
  const store = memory();
  await store.set("a", value, { ttl });
  const add = mock.method(Set.prototype, "add");
  for (let times = 1; times <= 100; times++) await store.set("a", value, { ttl: ttl * times });
  const count = add.mock.callCount();
  add.mock.restore();
  assert.equal(count, 0);
});
