import assert from "node:assert/strict";
import { test } from "vitest";
import { cloudflareKv, type KvNamespaceLike } from "../../src/adapters/cloudflareKv.ts";
import { isStoreError } from "../../src/core/error.ts";
import { createClock } from "../../src/testing.ts";
import { text, utf8 } from "../support/bytes.ts";
import { strictKv } from "../support/strictKv.ts";

test("a lifetime below 60 s is exact, though the medium takes none", async () => {
  const clock = createClock();
  const kv = strictKv(clock.now);
  const store = cloudflareKv(kv, { now: clock.now });
  await store.setMany([["short", utf8("x"), { ttl: 1 }], ["odd", utf8("x"), { ttl: 60_001 }]]); // prettier-ignore
  const lives = [...kv.kept.values()].map(({ expiresAt }) => expiresAt - clock.now());
  assert.deepEqual(lives, [60_000, 61_000]);
  clock.advance(1);
  assert.deepEqual([await store.find("short"), await store.has("short")], [undefined, false]);
  assert.deepEqual((await store.list()).entries, [{ key: "odd", expiresAt: clock.now() + 60_000 }]);
  assert.equal(await store.deleteMany(["short"]), 0);
  clock.advance(60_000);
  assert.equal(await store.find("odd"), undefined);
});

test("a copy that is old, as Cloudflare KV may give it, is not returned after its deadline", async () => {
  const clock = createClock();
  const kv = strictKv(clock.now);
  const old = new Map<string, Promise<any>>();
  const stale: KvNamespaceLike = {
    ...kv,
    getWithMetadata(name, type) {
      if (!old.has(name)) old.set(name, kv.getWithMetadata(name, type));
      return old.get(name)!;
    },
  };
  const store = cloudflareKv(stale, { now: clock.now });
  await store.set("key", utf8("old"), { ttl: 1000 });
  assert.equal(text(await store.get("key")), "old");
  await store.set("key", utf8("new"));
  clock.advance(999);
  assert.equal(text(await store.get("key")), "old");
  clock.advance(1);
  assert.equal(await store.find("key"), undefined);
});

test("keys that are no names, and those that look like theirs, are keys of their own, and are listed whole", async () => {
  const kv = strictKv();
  const prefix = "p".repeat(128);
  const stores = [cloudflareKv(kv), cloudflareKv(kv, { prefix })];
  const long = "é".repeat(400);
  for (const store of stores) {
    await store.set(`${long}1`, utf8("1"));
    const keys = [`${long}1`, `${long}2`, `x${"\0".repeat(1023)}`, `\u{1f600}${"€".repeat(340)}`, ".", ".."];
    // What lies under the hash of another key is a key as well.
    const names = [...kv.kept.keys()].filter((name) => name.includes("~sha256-"));
    const lookalikes = names.map((name) => name.replace(prefix, ""));
    assert.ok(lookalikes.every((name) => name.length < 512));
    for (const key of [...keys, ...lookalikes]) await store.set(key, utf8(`value of ${key}`));
    for (const key of [...keys, ...lookalikes]) assert.equal(text(await store.get(key)), `value of ${key}`);
    const listed: string[] = [];
    for await (const key of store.keys()) if (!key.startsWith(prefix)) listed.push(key);
    assert.deepEqual(listed.sort(), [...keys, ...lookalikes].sort());
    const { entries } = await store.list({ prefix: `${long}2` });
    assert.deepEqual(
      entries.map(({ key }) => key),
      [`${long}2`],
    );
    await store.clear({ prefix: long });
    assert.deepEqual(await store.findMany([`${long}1`, `${long}2`]), [undefined, undefined]);
    assert.equal(await store.has("."), true);
    await store.clear();
  }
  assert.equal(kv.kept.size, 0);
});

test("a value of 25 MiB is kept, and one more byte refused, with nothing of what came with it", async () => {
  const store = cloudflareKv(strictKv());
  const most = 25 * 1024 * 1024;
  await store.set("key", new Uint8Array(most));
  assert.equal((await store.get("key")).length, most);
  const tooMuch = new Uint8Array(most + 1);
  const isRefusal = (error: unknown): boolean => isStoreError(error, "quota-exceeded") && error.key === "large";
  await assert.rejects(store.set("large", tooMuch), isRefusal);
  await assert.rejects(store.setMany([["small", utf8("x")], ["large", tooMuch]]), isRefusal); // prettier-ignore
  assert.deepEqual(await store.findMany(["small", "large"]), [undefined, undefined]);
});

test("what an app writes reads as bytes, and it reads what the store writes", async () => {
  const kv = strictKv();
  const store = cloudflareKv(kv);
  await kv.put("plain", utf8("app"));
  await kv.put("tagged", utf8("app"), { metadata: { expiresAt: 1 } });
  await kv.put(`~sha256-${"A".repeat(43)}=`, utf8("app"));
  assert.deepEqual((await store.findMany(["plain", "tagged"])).map(text), ["app", "app"]);
  assert.deepEqual((await store.list()).entries, [
    { key: "plain", expiresAt: Infinity },
    { key: "tagged", expiresAt: Infinity },
  ]);
  await store.set("plain", utf8("store"));
  const { value, metadata } = await kv.getWithMetadata("plain", "arrayBuffer");
  assert.deepEqual([text(new Uint8Array(value)), metadata], ["store", null]);
});

test("a failure is never a miss", async () => {
  const refuse = (): Promise<never> => Promise.reject(new Error("KV GET failed: 429 Too Many Requests"));
  const store = cloudflareKv({ getWithMetadata: refuse, put: refuse, delete: refuse, list: refuse });
  const calls = [
    () => store.find("key"),
    () => store.has("key"),
    () => store.set("key", utf8("x")),
    () => store.delete("key"),
    () => store.list(),
    () => store.clear(),
  ];
  for (const call of calls) await assert.rejects(call, (error) => isStoreError(error, "unavailable"));
  await assert.rejects(store.list({ cursor: "x" }), (error) => isStoreError(error, "unavailable"));
});

test("what is no namespace and what is no option is bad-config", () => {
  for (const none of [undefined, {}, new Map()]) {
    assert.throws(() => cloudflareKv(none as never), /namespace must be one of Cloudflare KV with "\w+"/);
  }
  for (const prefix of [7, "x".repeat(129)] as string[]) {
    assert.throws(() => cloudflareKv(strictKv(), { prefix }), /"prefix" must be a string of up to 128 UTF-8 bytes/);
  }
  assert.throws(() => cloudflareKv(strictKv(), { sweepInterval: 5 } as never), /"sweepInterval" must be left out/);
});
