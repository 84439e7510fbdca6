import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/index.ts";
import { text } from "../../src/views/text.ts";
import { utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";

test("what has no UTF-8 is refused by every call that writes, and nothing is written", async () => {
  const bytes = memory();
  const store = text(bytes);
  await store.set("a", "kept");
  for (const bad of ["\ud800", "a\udc00b", "\udc00\ud800", 5, undefined, null, utf8("a"), {}] as string[]) {
    const calls: (() => Promise<unknown>)[] = [
      () => store.set("a", bad),
      () => store.setMany([["b", "good"], ["a", bad]]), // prettier-ignore
      () => store.compareAndSet("a", "kept", bad),
      ...(bad === undefined ? [] : [() => store.update("a", () => bad), () => store.compareAndSet("a", bad, "next")]),
      () => store.transact(["a"], () => [{ value: bad }]),
    ];
    for (const call of calls) assert.equal((await refused(call, "cant-encode")).key, "a", String(call));
  }
  assert.equal(await bytes.has("b"), false);
  assert.equal(await store.get("a"), "kept");
});

test("stored bytes that are no UTF-8 are refused by every call that reads, and stay", async () => {
  const bytes = memory();
  const store = text(bytes);
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]]) {
    await bytes.set("a", Uint8Array.from(bad));
    const reads = [
      () => store.get("a"),
      () => store.find("a"),
      () => store.entry("a"),
      () => store.findMany(["a"]),
      () => store.take("a"),
      () => store.update("a", () => "next"),
      () => store.compareAndSet("a", "", "next"),
      () => store.transact(["a"], (entries) => entries),
    ];
    for (const read of reads) assert.equal((await refused(read, "cant-decode")).key, "a", String(read));
    assert.deepEqual([...(await bytes.get("a"))], bad);
  }
});

test("every other string comes back to the letter, and is its UTF-8", async () => {
  const bytes = memory();
  const store = text(bytes);
  for (const value of ["", "\ufeffx", "e\u0301 é", "\0", "😀", '"1"', "\uffff"]) {
    await store.set("a", value);
    assert.equal(await store.get("a"), value);
    assert.deepEqual(await bytes.get("a"), utf8(value));
    assert.equal(await store.compareAndSet("a", value, "b"), true);
  }
  assert.equal(await store.increment("n", 2), 2);
  assert.equal(await store.get("n"), "2");
});

test("an update is one step of the store below, and what is refused carries its cause", async () => {
  const bytes = memory();
  const calls: string[] = [];
  const counted = new Proxy(bytes, {
    get: (target, name: keyof typeof bytes) => (calls.push(String(name)), Reflect.get(target, name)),
  });
  const store = text(counted);
  await store.set("a", "1");
  calls.length = 0;
  assert.equal(await store.update("a", (value) => `${value}2`), "12");
  assert.deepEqual(calls, ["update"]);
  const bad = await refused(store.set("a", "\ud800"), "cant-encode");
  assert.equal(bad.cause, "\ud800");
  await bytes.set("a", Uint8Array.of(255));
  assert.ok((await refused(store.get("a"), "cant-decode")).cause instanceof TypeError);
  for (const wrong of [undefined, 5, {}])
    await refused(() => text(wrong as never), "invalid-argument", /^Invalid store/);
});
