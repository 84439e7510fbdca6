// What Keyv's own suite says of an adapter, and what an app does with one.
import * as vitest from "vitest";
import { describe, expect, test } from "vitest";
import { keyv, keyv5 } from "../../src/adapters/keyv.ts";
import { memory } from "../../src/backends/memory.ts";
import { prefix } from "../../src/views/prefix.ts";
import { load } from "../peers/load.ts";

const [{ default: Keyv5 }, { default: Keyv4 }, { Keyv: Keyv6 }, suite, { createCache }] = await Promise.all(
  ["keyv", "keyv-4", "keyv-6", "@keyv/test-suite", "cache-manager"].map(load),
);

describe.each([
  ["memory", memory()],
  ["a view of it", prefix(memory(), "cache/")],
])("the suite of Keyv 5 on %s", (_, store) => {
  suite.default(vitest, Keyv5, () => keyv5(store));
  suite.keyvIteratorTests(vitest, Keyv5, () => keyv5(store));
});

describe.each([
  ["4", (store: any, namespace: string) => new Keyv4({ store: keyv5(store), namespace })],
  ["5", (store: any, namespace: string) => new Keyv5({ store: keyv5(store), namespace })],
  ["6", (store: any, namespace: string) => new Keyv6(keyv(store), { namespace })],
])("Keyv %s", (_, open) => {
  test("one instance finds what another stored, until the store's clock says that it is over", async () => {
    let now = Date.now();
    const store = memory({ now: () => now });
    await open(store, "a").set("k", { n: 1 }, 1000);
    expect(await open(store, "a").get("k")).toEqual({ n: 1 });
    expect(await open(store, "b").get("k")).toBeUndefined();
    now += 3_600_000;
    expect(await open(store, "a").get("k")).toBeUndefined();
    expect(await store.has("a:k")).toBe(false);
  });

  test("keys that a store does not take are listed, and cleared with their namespace alone", async () => {
    const store = memory();
    const [a, b] = [open(store, "a"), open(store, "b")];
    const keys = ["short", "l".repeat(2000), "\ud800", "~sha256-"];
    for (const key of keys) {
      await a.set(key, `a ${key}`);
      await b.set(key, `b ${key}`);
    }
    const found = [];
    for await (const entry of a.iterator()) found.push(entry);
    expect(new Set(found)).toEqual(new Set(keys.map((key) => [key, `a ${key}`])));
    expect(await a.get(keys)).toEqual(keys.map((key) => `a ${key}`));
    await a.clear();
    expect(await a.get(keys)).toEqual(keys.map(() => undefined));
    expect(await b.get(keys)).toEqual(keys.map((key) => `b ${key}`));
    expect(await b.delete(keys[1]!)).toBe(true);
    expect(await b.get(keys[1]!)).toBeUndefined();
  });
});

test("disconnecting closes the store, and later calls fail as Keyv reports failures", async () => {
  const cache = new Keyv5({ store: keyv5(memory()), throwOnErrors: true });
  cache.on("error", () => {});
  await cache.disconnect();
  await expect(cache.set("a", 1)).rejects.toMatchObject({ code: "closed" });
});

test("cache-manager keeps its values in a store", async () => {
  const store = memory();
  const cache = createCache({ stores: [new Keyv5({ store: keyv5(store), namespace: "cache" })] });
  expect(await cache.wrap("answer", async () => 42, 60_000)).toBe(42);
  expect(await cache.wrap("answer", async () => 43, 60_000)).toBe(42);
  expect((await store.entry("cache:answer"))!.expiresAt).toBeLessThan(Infinity);
  await cache.mset([
    { key: "a", value: 1 },
    { key: "b", value: 2 },
  ]);
  expect(await cache.mget(["a", "b", "c"])).toEqual([1, 2, undefined]);
  await cache.clear();
  expect(await cache.get("answer")).toBeUndefined();
});

test("values of a Keyv 6 without serialization are JSON, and what has none is refused", async () => {
  const store = memory();
  const cache = new Keyv6(keyv(store), { serialization: false, throwOnErrors: true });
  await cache.set("a", { list: [1] });
  expect(await cache.get("a")).toEqual({ list: [1] });
  const adapter = keyv(store);
  await adapter.set("b", "\0text");
  await adapter.set("c", undefined);
  expect([await adapter.get("b"), await adapter.get("c"), await adapter.has("c")]).toEqual(["\0text", undefined, true]);
  await expect(adapter.set("d", 1n)).rejects.toMatchObject({ code: "cant-encode", key: "d" });
  await expect(adapter.set("d", Symbol.iterator)).rejects.toMatchObject({ code: "cant-encode" });
  await expect(
    adapter.setMany([
      { key: "e", value: "e" },
      { key: "f", value: 1n },
    ]),
  ).rejects.toMatchObject({
    code: "cant-encode",
  });
  expect(await adapter.hasMany(["d", "e", "f"])).toEqual([false, false, false]);
});
