// What calls cost, counted in promises, copies, encodings and timers: that does not depend on the clock.
import assert from "node:assert/strict";
import { promiseHooks } from "node:v8";
import { test, vi } from "vitest";
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
  const encode = vi.spyOn(TextEncoder.prototype, "encode");
  const decode = vi.spyOn(TextDecoder.prototype, "decode");
  const setTimer = vi.spyOn(globalThis, "setTimeout");
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
    counted.codings = encode.mock.calls.length + decode.mock.calls.length;
    counted.timers = setTimer.mock.calls.length;
    vi.restoreAllMocks();
  }
  result.catch(() => {});
  return counted;
}

function costs(call: () => Promise<unknown>, expected: Counted): void {
  assert.deepEqual(counting(call), expected);
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
  costs(() => store.set("a", value, { ttl }), cost);
  costs(() => store.find("a"), cost);
  costs(() => store.get("a"), cost);
  costs(() => store.find("none"), { ...cost, copies: 0 });
});

test("JSON in memory is one promise: nothing is copied or encoded", async () => {
  const bytes = memory();
  const store = json(bytes);
  const cost = { promises: 1, copies: 0, codings: 0, timers: 0 };
  costs(() => store.set("a", profile, { ttl }), cost);
  costs(() => store.find("a"), cost);
  costs(() => store.get("a"), cost);
  const inside = json(bytes, { prefix: "in/" });
  costs(() => inside.set("b", profile), cost);
  costs(() => inside.find("b"), cost);
  for (const found of [await store.get("a"), await store.get("in/b"), await inside.get("b")]) {
    assert.deepEqual(found, profile);
  }
});

test("JSON in what holds bytes is encoded and decoded, and not copied", async () => {
  for (const bytes of [mapStore(), memory({ maxBytes: 1000 })]) {
    const store = json(bytes);
    const cost = { promises: 1, copies: 0, codings: 1, timers: 0 };
    costs(() => store.set("a", profile), cost);
    costs(() => store.find("a"), cost);
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

test("a deadline of JSON moves without an encoding", async () => {
  const bytes = memory();
  const store = json(bytes);
  await store.set("a", profile);
  const cost = { promises: 1, copies: 0, codings: 0, timers: 0 };
  costs(() => store.touch("a", { ttl }), cost);
  costs(() => store.find("a"), cost);
});

test("views of one key see what each other wrote, whatever it lies there as", async () => {
  const bytes = memory();
  const views = [json(bytes), json(prefix(bytes, "in/")), json(prefix(prefix(bytes, "i"), "n/"))];
  const keys = ["in/a", "a", "a"];
  for (const [index, view] of views.entries()) {
    await view.set(keys[index]!, { by: index });
    for (const [other, reader] of views.entries()) {
      assert.deepEqual(await reader.get(keys[other]!), { by: index });
      assert.deepEqual(await reader.findMany([keys[other]!]), [{ by: index }]);
    }
  }
  await bytes.set("in/a", new TextEncoder().encode("[1]"));
  for (const [index, view] of views.entries()) assert.deepEqual(await view.find(keys[index]!), [1]);
  await bytes.set("in/a", Uint8Array.of(0xff));
  for (const [index, view] of views.entries()) {
    await assert.rejects(view.find(keys[index]!), { code: "cant-decode", key: keys[index] });
    await assert.rejects(view.get(`no ${keys[index]}`), { code: "not-found", key: `no ${keys[index]}` });
    await assert.rejects(
      view.set(keys[index]!, () => {}),
      { code: "cant-encode", key: keys[index] },
    );
  }
});

test("text that has no UTF-8 of its own is the same JSON in every view", async () => {
  const bytes = memory();
  const odd = ["\ud800", "\udc00 \ud83d", "\u{1f600}", "\0", "\ufeff", "\u2028"];
  for (const text of odd) {
    await json(bytes).set("a", { [text]: text });
    assert.deepEqual(await json(bytes).get("a"), { [text]: text });
    assert.deepEqual(JSON.parse(new TextDecoder().decode(await bytes.get("a"))), { [text]: text });
  }
});

test("a call of a JSON view asks the medium once", async () => {
  const asked: string[] = [];
  const store = json(
    createStore({
      get: (key) => void asked.push(`get ${key}`),
      set: (key) => void asked.push(`set ${key}`),
      delete: () => false,
      isPersistent: () => false,
    }),
  );
  await assert.rejects(store.get("a"), { code: "not-found" });
  assert.equal(await store.find("b"), undefined);
  await store.set("c", 1);
  assert.deepEqual(asked, ["get a", "get b", "set c"]);
});

test("a wrapper of a store has every call that it replaces asked", async () => {
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
  const get = vi.spyOn(inner, "get");
  assert.deepEqual(await view.get("in/a"), profile);
  assert.equal(get.mock.calls.length, 1);
});

test("bytes are taken without their buffer, which V8 makes of small ones only when it is asked for", async () => {
  const store = memory();
  const buffer = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype), "buffer", "get");
  for (const length of [1, 16, 100]) await store.set("a", new Uint8Array(length));
  const count = buffer.mock.calls.length;
  buffer.mockRestore();
  assert.equal(count, 0);
});

test("a value that is replaced or removed is not looked at unless bytes are bounded", async () => {
  const proto = Object.getPrototypeOf(Uint8Array.prototype);
  const { get } = Object.getOwnPropertyDescriptor(proto, "length")!;
  for (const [options, count] of [
    [{}, 0],
    [{ maxBytes: 1000 }, 1],
  ] as const) {
    const store = memory(options);
    await store.set("a", value);
    const looked = new Set<unknown>();
    const length = vi.spyOn(proto, "length", "get").mockImplementation(function (this: Uint8Array) {
      looked.add(this);
      return get!.call(this);
    });
    await store.set("a", new Uint8Array(50));
    await store.delete("a");
    length.mockRestore();
    const stored = [...looked].filter((bytes) => (bytes as Uint8Array).length === value.length);
    assert.equal(stored.length, count);
  }
});

test("a write without a deadline does not ask for the time", async () => {
  const clock = vi.fn(() => 1000);
  const store = memory({ now: clock });
  for (const call of [store.set("a", value), store.setMany([["b", value]]), json(store).set("c", profile)]) await call;
  assert.equal(clock.mock.calls.length, 0);
  await store.set("a", value, { ttl });
  assert.equal((await store.entry("a"))?.expiresAt, 1000 + ttl);
});

test("a deadline that moves away costs nothing more", async () => {
  const store = memory();
  await store.set("a", value, { ttl });
  const add = vi.spyOn(Set.prototype, "add");
  for (let times = 1; times <= 100; times++) await store.set("a", value, { ttl: ttl * times });
  const count = add.mock.calls.length;
  add.mockRestore();
  assert.equal(count, 0);
});
