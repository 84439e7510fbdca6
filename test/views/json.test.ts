import assert from "node:assert/strict";
import { test } from "vitest";
import * as v from "valibot";
import { z } from "zod";
import {
  isStoreError,
  json,
  memory,
  StoreError,
  type Schema,
  type Store,
  type StoreErrorCode,
} from "../../src/index.ts";
import { offline } from "../../src/offline.ts";
import { faulty } from "../../src/testing.ts";

const code = (expected: StoreErrorCode, key?: string) => (error: unknown) => {
  assert.ok(isStoreError(error, expected), String(error));
  if (key !== undefined) assert.equal(error.key, key);
  return true;
};

const user = z.object({ name: z.string(), age: z.number().int() });

test("a schema checks what is written and what is read, and infers the type", async () => {
  const store = memory();
  const users = json(store, { schema: user, prefix: "user/" });
  await users.set("ada", { name: "Ada", age: 36 });
  const { name }: { name: string } = await users.get("ada");
  assert.equal(name, "Ada");
  await assert.rejects(users.set("bad", { name: "Bad", age: 1.5 }), code("cant-encode", "bad"));
  assert.equal(await store.has("user/bad"), false);
  await store.set("user/old", new TextEncoder().encode('{"name":"Old"}'));
  await assert.rejects(users.get("old"), code("cant-decode", "old"));
  await assert.rejects(users.findMany(["ada", "old"]), code("cant-decode", "old"));
});

test("a schema that transforms is applied on the way out, and to what a reader will get on the way in", async () => {
  const dates = json(memory(), { schema: z.object({ at: z.coerce.date() }) });
  await dates.set("now", { at: new Date(5) });
  assert.deepEqual(await dates.get("now"), { at: new Date(5) });
  assert.equal(await dates.compareAndSet("now", { at: new Date(5) }, { at: new Date(6) }), true);
});

test("another library's schema works as well", async () => {
  const store = json(memory(), { schema: v.object({ id: v.string() }) });
  await store.set("a", { id: "1" });
  await assert.rejects(store.set("a", { id: 1 } as never), code("cant-encode", "a"));
  assert.deepEqual(await store.find("a"), { id: "1" });
});

test("an asynchronous schema works in every call", async () => {
  const schema: Schema<number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value) => (typeof value === "number" ? { value } : { issues: [{ message: "no number" }] }),
    },
  };
  const bytes = memory();
  const store = json(bytes, { schema });
  await store.set("a", 1);
  await store.setMany([["b", 2]]);
  assert.deepEqual(await store.findMany(["a", "b"]), [1, 2]);
  assert.equal(await store.setIfAbsent("c", 3), true);
  assert.equal(await store.increment("a"), 2);
  assert.equal(await store.take("a"), 2);
  assert.equal(await store.update("a", (current) => (current ?? 0) + 5), 5);
  assert.equal(await store.compareAndSet("a", 5, 6), true);
  const after = await store.transact(["a", "b"], ([a, b]) => [{ value: a!.value + b!.value }, undefined]);
  assert.deepEqual(after, [{ value: 8, expiresAt: Infinity }, undefined]);
  await Promise.all(Array.from({ length: 10 }, () => store.update("a", (current) => current! + 1)));
  assert.equal(await store.get("a"), 18);

  await assert.rejects(store.update("a", () => "text" as never), code("cant-encode", "a")); // prettier-ignore
  await assert.rejects(store.transact(["a"], () => [{ value: "text" as never }]), code("cant-encode", "a")); // prettier-ignore
  // One that fails at once beside one that fails later.
  await assert.rejects((store as Store<any>).setMany([["a", "text"], ["b", 1n]]), code("cant-encode")); // prettier-ignore
  await bytes.setMany([["a", new TextEncoder().encode('"text"')], ["b", new TextEncoder().encode("{")]]); // prettier-ignore
  await assert.rejects(store.take("a"), code("cant-decode", "a"));
  await assert.rejects(store.findMany(["a", "b"]), code("cant-decode"));
  await assert.rejects(store.transact(["a", "b"], (entries) => entries), code("cant-decode")); // prettier-ignore
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await bytes.has("a"), true);
});

test("what is no JSON is refused, on both sides, and stays where it is", async () => {
  const bytes = memory();
  const store = json<any>(bytes);
  const circular: { self?: unknown } = {};
  circular.self = circular;
  for (const value of [undefined, () => 1, Symbol("x"), 1n, circular, { big: 1n }]) {
    await assert.rejects(store.set("bad", value), code("cant-encode", "bad"));
    await assert.rejects(store.setMany([["good", 1], ["bad", value]]), code("cant-encode", "bad")); // prettier-ignore
  }
  assert.equal(await bytes.has("good"), false);
  for (const value of [[], [0xff], [0xef, 0xbb, 0xbf, 0x31], [0x7b]]) {
    await bytes.set("bad", Uint8Array.from(value));
    await assert.rejects(store.get("bad"), code("cant-decode", "bad"));
    await assert.rejects(store.take("bad"), code("cant-decode", "bad"));
    await assert.rejects(store.compareAndSet("bad", 1, 2), code("cant-decode", "bad"));
    assert.deepEqual([...(await bytes.get("bad"))], value);
  }
});

test("equality for compareAndSet is that of JSON, whatever the order of properties", async () => {
  const bytes = memory();
  const store = json<unknown>(bytes);
  await bytes.set("a", new TextEncoder().encode(' { "x" : [1, {"c":3,"b":2}], "__proto__": 1 } '));
  const same = JSON.parse('{"__proto__":1,"x":[1,{"b":2,"c":3}]}') as unknown;
  assert.equal(await store.compareAndSet("a", { x: [1, { b: 2, c: 3 }] }, 0), false);
  assert.equal(await store.compareAndSet("a", same, "next"), true);
  assert.equal(await store.get("a"), "next");
});

test("a stored __proto__ is data, not a prototype", async () => {
  const bytes = memory();
  await bytes.set("__proto__", new TextEncoder().encode('{"__proto__":{"admin":true}}'));
  const found = await json<{ admin?: boolean }>(bytes).get("__proto__");
  assert.equal(found.admin, undefined);
  assert.deepEqual(Object.keys(found), ["__proto__"]);
});

/** As libraries have them beside the language's own promises. */
class Thenable {
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is
  then(): void {}
  toJSON(): string {
    return "text";
  }
}

/** What JSON would turn into another value, or another kind of value, without a word. */
const lossy: readonly (readonly [name: string, make: () => unknown])[] = [
  ["a promise", () => Promise.resolve({ a: 1 })],
  ["a promise that rejects", () => Promise.reject(new Error("late"))],
  ["what has a then", () => new Thenable()],
  ["a Map", () => new Map([["a", 1]])],
  ["a Set", () => new Set([1])],
  ["a WeakMap", () => new WeakMap()],
  ["a typed array", () => Uint8Array.of(1)],
  ["a DataView", () => new DataView(new ArrayBuffer(1))],
  ["an ArrayBuffer", () => new ArrayBuffer(1)],
  ["a Blob", () => new Blob(["a"])],
  ["URLSearchParams", () => new URLSearchParams("a=1")],
  ["an Error", () => Object.assign(new TypeError("message"), { code: 1 })],
  ["a RegExp", () => /a/],
  ["a generator", () => (function* () {})()],
  ["a boxed symbol", () => Object(Symbol("x")) as object],
  ["NaN", () => Number.NaN],
  ["Infinity", () => Infinity],
  ["-Infinity", () => -Infinity],
  ["a boxed NaN", () => Object(Number.NaN) as object],
  ["an invalid Date", () => new Date(Number.NaN)],
  ["a proxy of a Map", () => new Proxy(new Map(), {})],
  ["what says a Map for itself", () => ({ toJSON: () => new Map() })],
  ["what says a promise for itself", () => ({ toJSON: async () => 1 })],
  ["what says NaN for itself", () => ({ toJSON: () => Number.NaN })],
  ["what says undefined for itself", () => ({ toJSON: () => undefined })],
  ["a BigInt", () => 1n],
  ["a BigInt within", () => ({ a: [1n] })],
  ["a cycle", () => { const circle: unknown[] = []; circle.push(circle); return circle; }],
  ["a toJSON that throws", () => ({ toJSON: () => { throw new Error("mine"); } })],
  ["a getter that throws", () => ({ get toJSON() { throw new Error("mine"); } })],
  ["a tag that throws", () => ({ get [Symbol.toStringTag]() { throw new Error("mine"); } })],
  ["a revoked proxy", () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; }],
  ["a function", () => () => 1],
  ["a symbol", () => Symbol("x")],
]; // prettier-ignore

test.each(lossy)(
  "what JSON would lose without a word is refused by every call that writes, and nothing is: %s",
  async (_, make) => {
    const bytes = memory();
    const store = json<any>(bytes);
    await store.set("a", { kept: true }, { ttl: 60_000 });
    const before = await bytes.entry("a");
    const calls: (() => Promise<unknown>)[] = [
      () => store.set("a", make()),
      () => store.setMany([["b", 1], ["a", make()]]), // prettier-ignore
      () => store.setIfAbsent("a", make()),
      () => store.update("a", make),
      () => store.compareAndSet("a", { kept: true }, make()),
      () => store.compareAndSet("a", make(), "next"),
    ];
    for (const call of calls) await assert.rejects(call, code("cant-encode", "a"), String(call));
    await assert.rejects(store.setIfAbsent("b", make()), code("cant-encode", "b"));
    await assert.rejects(store.compareAndSet("b", undefined, make()), code("cant-encode", "b"));
    assert.deepEqual(await bytes.entry("a"), before);
    assert.equal(await bytes.has("b"), false);
    // A promise that nobody awaits has rejected by now.
    await new Promise((resolve) => setImmediate(resolve));
  },
);

test("an asynchronous change is refused, and leaves the value", async () => {
  const store = json<{ count: number }>(memory());
  await store.set("a", { count: 1 });
  const change = async (current: { count: number } | undefined) => ({ count: current!.count + 1 });
  await assert.rejects(store.update("a", change as never), code("cant-encode", "a"));
  const fails = async (): Promise<never> => Promise.reject(new Error("late"));
  await assert.rejects(store.update("a", fails as never), code("cant-encode", "a"));
  assert.deepEqual(await store.get("a"), { count: 1 });
});

test("what JSON has a form for is stored, and what has a toJSON speaks for itself", async () => {
  const store = json<any>(memory());
  const values: [value: unknown, read: unknown][] = [
    [null, null],
    [false, false],
    [0, 0],
    [-0, 0],
    ["", ""],
    [[], []],
    [{}, {}],
    [Object.create(null), {}],
    [new (class Point { x = 1 })(), { x: 1 }],
    [Object("boxed"), "boxed"],
    [new Date(5), "1970-01-01T00:00:00.005Z"],
    [new URL("http://a/"), "http://a/"],
    [Object.assign(new Map(), { toJSON: () => ["mine"] }), ["mine"]],
    [new Proxy([1], {}), [1]],
    [{ a: undefined, b: () => 1, c: Number.NaN, d: new Map(), e: [undefined, Symbol("x")] }, { c: null, d: {}, e: [null, null] }],
  ]; // prettier-ignore
  for (const [value, read] of values) {
    await store.set("a", value);
    assert.deepEqual(await store.get("a"), read);
    assert.equal(await store.compareAndSet("a", value, value), true);
    await store.update("a", () => value);
    assert.deepEqual(await store.get("a"), read);
  }
});

test("what others have stored too deep to be compared is no raw error", async () => {
  const bytes = memory();
  await bytes.set("deep", new TextEncoder().encode("[".repeat(200_000) + "]".repeat(200_000)));
  await assert.rejects(json(bytes).compareAndSet("deep", 1, 2), code("cant-decode", "deep"));
  assert.equal((await bytes.get("deep")).length, 400_000);
});

test("update resolves with what a reader gets", async () => {
  const dates = json(memory(), { schema: z.object({ at: z.coerce.date() }) });
  assert.deepEqual(await dates.update("a", () => ({ at: "1970-01-01" as never })), { at: new Date(0) });
});

test("over an offline store the remote decides who takes a value, and who exchanges it", async () => {
  const server = memory();
  let isAway = false;
  const far = faulty(server, () => (isAway ? { before: new StoreError("unavailable", "Away") } : undefined));
  const [one, other] = [json<string>(offline(memory(), far)), json<string>(offline(memory(), far))];
  await json(server).setMany([["job", "first"], ["lock", "free"]]); // prettier-ignore
  assert.deepEqual([await one.get("job"), await other.get("job"), await one.get("lock")], ["first", "first", "free"]);
  isAway = true;
  await assert.rejects(one.take("job"), code("unavailable"));
  await assert.rejects(one.compareAndSet("lock", "free", "taken"), code("unavailable"));
  isAway = false;
  const taken = await Promise.all([one.take("job"), other.take("job")]);
  assert.deepEqual(taken.filter((job) => job !== undefined), ["first"]); // prettier-ignore
  assert.equal(await server.has("job"), false);
  assert.equal(await one.compareAndSet("lock", "free", "taken"), true);
  assert.equal(await other.compareAndSet("lock", "free", "taken"), false);
  await Promise.all([one.close(), other.close()]);
});
