// What abstract-level's own suite says of a database over a store, and what an app does with one.
import { describe, expect, test } from "vitest";
import { level } from "../../src/adapters/level.ts";
import type { Store } from "../../src/core/contract.ts";
import { memory } from "../../src/backends/memory.ts";
import { sqlite } from "../../src/backends/sqlite.ts";
import { prefix } from "../../src/views/prefix.ts";
import { load } from "../peers/load.ts";
import { tape } from "../support/tape.ts";

const abstractLevel = await load("abstract-level");
const { default: suite } = await load("abstract-level/test/index.js");

const open = (store: Store = memory(), options = {}) => level(store, abstractLevel, options);

describe.each([
  ["memory", () => memory()],
  ["a view of it", () => prefix(memory(), "db/")],
])("the suite of abstract-level on %s", (_, make) => {
  suite({ test: tape, factory: (options: any) => open(make(), options) });
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("keys are any bytes, in Level's order: what is no UTF-8, is empty or longer than a key of the store lies behind its hash", async () => {
  const store = memory();
  const db = open(store, { keyEncoding: "view", valueEncoding: "view" });
  const names = [
    [],
    [0],
    [0x7f],
    [0xc3],
    [0xc3, 0xa9],
    [0xff, 0],
    Array(2000).fill(0x61),
    [0xef, 0xbf, 0xbf],
    [0xf0, 0x9f, 0x98, 0x80],
  ];
  const keys = names.map((bytes) => Uint8Array.from(bytes));
  await Promise.all(keys.map((key, index) => db.put(key, Uint8Array.of(index))));
  const ordered = [...keys].sort(Buffer.compare);
  expect(await db.keys().all()).toEqual(ordered);
  expect(await db.keys({ reverse: true }).all()).toEqual(ordered.reverse());
  expect(await db.getMany(keys)).toEqual(keys.map((_, index) => Uint8Array.of(index)));
  expect(await db.keys({ gte: Uint8Array.of(0xc3), lt: Uint8Array.of(0xf1) }).all()).toEqual(
    ordered.filter((key) => key[0]! >= 0xc3 && key[0]! < 0xf1).reverse(),
  );
  expect(await store.has("é")).toBe(true);
  expect(await db.hasMany([keys[3]!, Uint8Array.of(0xc4)])).toEqual([true, false]);
  await db.clear({ gte: Uint8Array.of(0xc3), lt: Uint8Array.of(0xc4) });
  expect(await db.get(keys[3]!)).toBeUndefined();
  expect(await db.get(keys[5]!)).toEqual(Uint8Array.of(5));
});

test("an iterator asks the store for what its range begins with, and for the keys behind a hash, which may be any", async () => {
  const asked: unknown[] = [];
  const store = memory();
  const seen = { ...store, keys: (options: any) => (asked.push(options.prefix), store.keys(options)) };
  const db = open(seen, { prefix: "db/" });
  const long = `!users!${"l".repeat(1000)}`;
  await db.batch(
    ["!users!a", "!users!b", "!other!a", "!usersz", long].map((key) => ({ type: "put", key, value: key })),
  );
  expect(await db.sublevel("users").keys().all()).toEqual(["a", "b", "l".repeat(1000)]);
  expect(asked).toEqual(["db/!users", "db/~sha256-"]);
  expect(await db.keys().all()).toHaveLength(5);
  expect(asked.slice(2)).toEqual(["db/"]);
});

test("a batch is one step of the store, however long, and each write of it may have a deadline", async () => {
  let now = Date.now();
  const store = memory({ now: () => now });
  const db = open(store, { ttl: 60_000 });
  await db.put("gone", "1");
  const calls: number[] = [];
  const counting = { ...store, setMany: async (items: any) => (calls.push([...items].length), store.setMany(items)) };
  const writes = Array.from({ length: 1500 }, (_, index) => ({ type: "put", key: `k${index}`, value: "v" }));
  await open(counting).batch([
    { type: "del", key: "gone" },
    ...writes,
    { type: "put", key: "short", value: "s", ttl: 1000 },
  ]);
  expect(calls).toEqual([1502]);
  expect(await db.get("gone")).toBeUndefined();
  expect((await store.entry("k1499"))!.expiresAt).toBe(Infinity);
  expect((await store.entry("short"))!.expiresAt).toBe(now + 1000);
  await db.put("by default", "1");
  await db.put("until", "1", { expiresAt: now + 5 });
  now += 1000;
  expect(await db.getMany(["short", "until", "by default"])).toEqual([undefined, undefined, "1"]);
  now += 60_000;
  expect(await db.keys({ gte: "b", lt: "c" }).all()).toEqual([]);
  await expect(
    open(store).batch([
      { type: "put", key: "a", value: "1" },
      { type: "put", key: "b", value: "1", ttl: -1 },
    ]),
  ).rejects.toMatchObject({ code: "invalid-argument" });
  expect(await store.has("a")).toBe(false);
});

test("closing a database leaves its store open; what one stored a second one finds, in a file too", async () => {
  const store = sqlite({ path: ":memory:" });
  const db = open(store);
  await db.put("a", "1");
  await db.close();
  await db.open();
  expect(await db.get("a")).toBe("1");
  await db.close();
  expect(text(await store.get("a"))).toBe("1");
  expect(await open(store, { valueEncoding: "json" }).get("a")).toBe(1);
  await store.close();
  await expect(open(store).get("a")).rejects.toMatchObject({ code: "closed" });
});

test("what is no class or no option is refused before anything is made", () => {
  expect(() => level(memory(), {} as never)).toThrow(/AbstractLevel/);
  expect(() => open(memory(), { ttl: 0 })).toThrow(/ttl/);
  expect(() => open({} as never)).toThrow(/store/);
});
