import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { memory, prefix, type Store } from "../../src/index.ts";
import { encrypted, type EncryptedOptions } from "../../src/views/encrypted.ts";
import { text, utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";

/** A key of the bytes 0, 1, 2… */
function keyOf(length = 32, usages: KeyUsage[] = ["encrypt", "decrypt"], first = 0): Promise<CryptoKey> {
  const raw = Uint8Array.from({ length }, (_, index) => first + index);
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, usages);
}

const [one, other] = [await keyOf(), await keyOf(32, undefined, 1)];
const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));

function open(options: EncryptedOptions = { keys: { one } }): { store: Store; bytes: Store } {
  const bytes = memory();
  return { bytes, store: encrypted(bytes, options) };
}

// Made by another implementation of AES-GCM (OpenSSL), by its own reading of the format.
const vectors = [
  { length: 32, id: "2026", key: "greeting", value: "hello", stored: "010432303236a0a1a2a3a4a5a6a7a8a9aaab8e7d10412a479ee11b88e950f89f2b58286046fcd3" },
  { length: 16, id: "ключ", key: "☕/\0", value: "", stored: "0108d0bad0bbd18ed187a0a1a2a3a4a5a6a7a8a9aaab6a2c05390c3b6a1b3c7d20ec29f14400" },
]; // prettier-ignore

test.each(vectors)(
  "values of the format are read by whoever has the key: $id",
  async ({ length, id, key, ...vector }) => {
    const { store, bytes } = open({ keys: { [id]: await keyOf(length) } });
    await bytes.set(key, fromHex(vector.stored));
    assert.equal(text(await store.get(key)), vector.value);
    await store.set(key, utf8(vector.value));
    const again = await bytes.get(key);
    assert.equal(again.length, vector.stored.length / 2);
    const head = 2 + utf8(id).length;
    assert.deepEqual(again.slice(0, head), fromHex(vector.stored).slice(0, head));
  },
);

test("each value has a nonce of its own, and what is stored shows nothing of it", async () => {
  const { store, bytes } = open();
  const seen = new Set<string>();
  for (let index = 0; index < 50; index++) {
    await store.set("a", utf8("secret"));
    const stored = await bytes.get("a");
    assert.ok(!text(stored)!.includes("secret"));
    seen.add(stored.slice(5, 17).join());
  }
  assert.equal(seen.size, 50);
});

test("a bit that flips, an end that is cut and a value of another key are refused, and stay", async () => {
  const { store, bytes } = open();
  await store.set("a", utf8("x"));
  await store.set("b", utf8("y"));
  const stored = await bytes.get("a");
  const bad = [
    await bytes.get("b"),
    new Uint8Array(),
    Uint8Array.of(...stored, 0),
    ...Array.from(stored, (_, length) => stored.slice(0, length)),
    ...Array.from({ length: 8 * stored.length }, (_, bit) =>
      stored.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    ),
  ];
  for (const each of bad) {
    await bytes.set("a", each);
    assert.equal((await refused(store.get("a"), "cant-decode", /^Cannot decode key "a": /)).key, "a");
  }
  const calls = [() => store.take("a"), () => store.update("a", () => utf8("z")), () => store.increment("a"), () => store.compareAndSet("a", utf8("x"), utf8("z"))]; // prettier-ignore
  for (const call of calls) await refused(call, "cant-decode");
  assert.deepEqual(await bytes.get("a"), bad.at(-1));
});

test("another key of encryption is refused, and one whose id is not known is named", async () => {
  const { store, bytes } = open();
  await store.set("a", utf8("x"));
  await refused(encrypted(bytes, { keys: { one: other } }).get("a"), "cant-decode", /"one"/);
  await refused(encrypted(bytes, { keys: { two: one } }).get("a"), "cant-decode", /"two", got one with "one"/);
});

test("keys are changed: what was encrypted stays readable, and is encrypted anew when it is written", async () => {
  const { store: old, bytes } = open();
  await old.set("a", utf8("1"));
  await old.set("b", utf8("2"));
  const both = encrypted(bytes, { keys: { one, other } });
  assert.equal(text(await both.get("a")), "1");
  await both.update("a", (current) => current!);
  assert.equal(await both.increment("b"), 3);
  const fresh = encrypted(bytes, { keys: { other } });
  assert.deepEqual((await fresh.findMany(["a", "b"])).map(text), ["1", "3"]);
  await encrypted(bytes, { keys: { one, other }, use: "one" }).set("a", utf8("4"));
  assert.equal(text(await old.get("a")), "4");
});

test("the key that is bound is the one that this view sees", async () => {
  const bytes = memory();
  await encrypted(prefix(bytes, "old/"), { keys: { one } }).set("a", utf8("x"));
  await bytes.set("new/a", await bytes.get("old/a"));
  assert.equal(text(await encrypted(prefix(bytes, "new/"), { keys: { one } }).get("a")), "x");
  await refused(prefix(encrypted(bytes, { keys: { one } }), "new/").get("a"), "cant-decode");
});

test("an old value of the same key cannot be distinguished from a new one", async () => {
  const { store, bytes } = open();
  await store.set("a", utf8("old"));
  const old = await bytes.get("a");
  await store.set("a", utf8("new"));
  await bytes.set("a", old);
  assert.equal(text(await store.get("a")), "old");
});

test("compareAndSet compares what was encrypted", async () => {
  const { store } = open({ keys: { one, other } });
  await store.set("a", utf8("x"));
  assert.equal(await store.compareAndSet("a", utf8("y"), utf8("z")), false);
  assert.equal(await store.compareAndSet("a", utf8("x"), utf8("z")), true);
  assert.equal(text(await store.get("a")), "z");
});

test("what is no key is refused when the view is made", async () => {
  const hmac = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const cbc = await crypto.subtle.generateKey({ name: "AES-CBC", length: 128 }, false, ["encrypt", "decrypt"]);
  const [sealing, opening] = [await keyOf(32, ["encrypt"]), await keyOf(32, ["decrypt"])];
  const bad: unknown[] = [
    undefined, null, 5, {}, { keys: {} }, { keys: [] }, { keys: 5 }, { keys: { a: "key" } }, { keys: { a: new Uint8Array(32) } }, { keys: { a: null } },
    { keys: { a: hmac } }, { keys: { a: cbc } }, { keys: { a: sealing } }, { keys: { a: opening } }, { keys: { a: one, b: sealing }, use: "a" },
    { keys: { a: one }, use: "b" }, { keys: { a: one }, use: "toString" }, { keys: { a: one }, use: 5 }, { keys: { "": one } }, { keys: { "\ud800": one } }, { keys: { ["é".repeat(128)]: one } },
  ]; // prettier-ignore
  for (const options of bad) await refused(() => encrypted(memory(), options as never), "invalid-argument");
  await refused(() => encrypted({} as never, { keys: { one } }), "invalid-argument");
  encrypted(memory(), { keys: { a: one, b: opening }, use: "a" });
  encrypted(memory(), { keys: { ["é".repeat(127)]: one } });
});

test("where there is no Web Crypto it is unsupported", async () => {
  vi.stubGlobal("crypto", {});
  await refused(() => encrypted(memory(), { keys: { one } }), "unsupported", /Web Crypto/);
  vi.unstubAllGlobals();
});

test("no message has a value in it", async () => {
  const { store, bytes } = open();
  await bytes.set("a", utf8("secret of another format"));
  const error = await refused(store.get("a"), "cant-decode");
  assert.ok(!/secret/.test(`${error.message}${error.stack}`));
});
