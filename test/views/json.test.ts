import assert from "node:assert/strict";
import { test } from "vitest";
import * as v from "valibot";
import { z } from "zod";
import { isStoreError, json, memory, type Schema, type StoreErrorCode } from "../../src/index.ts";

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

test("an asynchronous schema works, but not within an atomic call that has to decide at once", async () => {
  const schema: Schema<number> = {
    "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value: value as number }) },
  };
  const store = json(memory(), { schema });
  await store.set("a", 1);
  await store.setMany([["b", 2]]);
  assert.deepEqual(await store.findMany(["a", "b"]), [1, 2]);
  assert.equal(await store.setIfAbsent("c", 3), true);
  assert.equal(await store.increment("a"), 2);
  await assert.rejects(store.take("a"), code("unsupported"));
  await assert.rejects(
    store.update("a", () => 5),
    code("unsupported"),
  );
  assert.equal(await store.get("a"), 2);
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
