import assert from "node:assert/strict";
import { test } from "vitest";
import { createStore, isStoreError, migrate, prefix, type Entry, type Store } from "../../src/index.ts";
import { faulty } from "../../src/testing.ts";
import { utf8 } from "../support/bytes.ts";
import { content, nothing, oddKeys, stores } from "./migrate/stores.ts";

const isCode = (code: "cant-decode" | "unsupported" | "invalid-argument") => (error: unknown) =>
  isStoreError(error, code);

test("every live entry is copied, whatever its key, with its deadline to the millisecond", async () => {
  const { clock, from, to } = stores();
  await from.setMany(oddKeys.map((key, index) => [key, utf8(`value ${index}`), index % 2 ? { ttl: index + 1 } : {}]));
  await from.set("expired", utf8("x"), { ttl: 1 });
  clock.advance(1);
  const before = await content(from);
  const result = await migrate(from, to, { now: clock.now });
  assert.deepEqual(result, {
    ...nothing,
    copied: oddKeys.length,
    bytes: oddKeys.reduce((sum, _, index) => sum + `value ${index}`.length, 0),
  });
  assert.deepEqual(await content(to), before);
  assert.deepEqual(await content(from), before);
  assert.equal(Object.keys(before).length, oddKeys.length);
});

test("run again, nothing is copied twice", async () => {
  const { clock, from, to } = stores();
  await from.setMany(oddKeys.map((key) => [key, utf8(key), { ttl: 1000 }]));
  await migrate(from, to, { now: clock.now });
  const changes = to.watch();
  assert.deepEqual(await migrate(from, to, { now: clock.now }), { ...nothing, present: oddKeys.length });
  await to.close();
  assert.equal((await changes.next()).done, true);
});

test("what the target has is kept, and overwrite lets the source win", async () => {
  const { clock, from, to } = stores();
  await from.setMany([
    ["same", utf8("1")],
    ["newer", utf8("old")],
    ["longer", utf8("1"), { ttl: 60_000 }],
  ]);
  await to.setMany([
    ["same", utf8("1")],
    ["newer", utf8("new")],
    ["longer", utf8("1"), { ttl: 10_000 }],
    ["other", utf8("o")],
  ]);
  const options = { now: clock.now, remove: true };
  assert.deepEqual(await migrate(from, to, options), { ...nothing, present: 1, removed: 1, kept: 2 });
  assert.deepEqual(Object.keys(await content(from)), ["longer", "newer"]);
  assert.equal((await content(to)).newer![0], "new");
  assert.deepEqual(await migrate(from, to, { ...options, overwrite: true }), {
    ...nothing,
    copied: 2,
    removed: 2,
    bytes: 4,
  });
  assert.deepEqual(await content(to), {
    longer: ["1", clock.now() + 60_000],
    newer: ["old", Infinity],
    other: ["o", Infinity],
    same: ["1", Infinity],
  });
  assert.deepEqual(await content(from), {});
});

test("a prefix selects, and views rename", async () => {
  const { from, to } = stores();
  await from.setMany(["a/1", "a/2", "b/1"].map((key) => [key, utf8(key)]));
  assert.equal((await migrate(from, to, { prefix: "a/" })).copied, 2);
  assert.deepEqual(Object.keys(await content(to)), ["a/1", "a/2"]);
  assert.equal((await migrate(prefix(from, "b/"), prefix(to, "c/"))).copied, 1);
  assert.deepEqual(Object.keys(await content(to)), ["a/1", "a/2", "c/1"]);
});

test("batches are bounded in count and bytes, and progress is reported after each", async () => {
  const small = stores();
  await small.from.setMany(Array.from({ length: 1050 }, (_, index) => [`key ${index}`, utf8("1")]));
  const reported: number[] = [];
  await migrate(small.from, small.to, { onProgress: ({ copied }) => reported.push(copied) });
  assert.deepEqual(reported, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1050]);

  const large = stores();
  await large.from.setMany(
    Array.from({ length: 7 }, (_, index) => [`key ${index}`, new Uint8Array(index === 3 ? 5e6 : 1.5e6)]),
  );
  const bytes: number[] = [];
  await migrate(large.from, large.to, { onProgress: (done) => bytes.push(done.bytes) });
  assert.deepEqual(bytes, [3e6, 4.5e6, 9.5e6, 12.5e6, 14e6]);
});

test("with remove, what changed meanwhile stays in the source", async () => {
  const { clock, from, to } = stores();
  await from.setMany([
    ["a", utf8("1")],
    ["b", utf8("1")],
    ["c", utf8("1")],
  ]);
  const busy = faulty(from, ({ method, args }) => {
    if (method === "update" && args[0] === "a") void from.set("a", utf8("2"));
    if (method === "update" && args[0] === "b") void from.delete("b");
    return undefined;
  });
  const result = await migrate(busy, to, { remove: true, now: clock.now });
  assert.deepEqual(result, { ...nothing, copied: 3, removed: 1, bytes: 3 });
  assert.deepEqual(await content(from), { a: ["2", Infinity] });
});

test("a value that the target gets meanwhile is kept", async () => {
  const { from, to } = stores();
  await from.setMany([
    ["a", utf8("old")],
    ["b", utf8("old")],
  ]);
  const busy = faulty(from, ({ method, args }) => {
    if (method === "entry" && args[0] === "a") void to.set("a", utf8("new"));
    return undefined;
  });
  assert.deepEqual(await migrate(busy, to), { ...nothing, copied: 1, kept: 1, bytes: 3 });
  assert.equal((await content(to)).a![0], "new");
});

test("what expires or goes on the way is not copied", async () => {
  const { clock, from, to } = stores();
  await from.setMany([
    ["a", utf8("1"), { ttl: 10 }],
    ["b", utf8("1"), { ttl: 10 }],
    ["c", utf8("1")],
    ["d", utf8("1")],
  ]);
  const busy = faulty(from, ({ method, args }) => {
    if (method === "entry" && args[0] === "c") void from.delete("c");
    if (method === "entry" && args[0] === "d") clock.advance(10);
    return undefined;
  });
  assert.deepEqual(await migrate(busy, to, { now: clock.now }), { ...nothing, copied: 1, bytes: 1 });
  assert.deepEqual(await content(to), { d: ["1", Infinity] });
});

test("what expires between its reading and its writing is not copied", async () => {
  const { clock, from, to } = stores();
  await from.set("a", utf8("1"), { ttl: 10 });
  const slow: Store = {
    ...from,
    async entry(key) {
      const entry = await from.entry(key);
      clock.advance(10);
      return entry;
    },
  };
  assert.deepEqual(await migrate(slow, to, { now: clock.now }), nothing);
});

test("an entry that cannot be decoded ends the migration, or is reported and stays", async () => {
  const { from, to } = stores();
  await from.setMany([
    ["a", utf8("1")],
    ["b", utf8("1")],
    ["c", utf8("1")],
  ]);
  const damage = Object.assign(new Error("damaged"), { name: "StoreError", code: "cant-decode", key: "b" });
  const damaged = faulty(from, ({ method, args }) =>
    method === "entry" && args[0] === "b" ? { before: damage } : undefined,
  );
  await assert.rejects(migrate(damaged, to), isCode("cant-decode"));
  const reported: unknown[] = [];
  const result = await migrate(damaged, to, { remove: true, onUnreadable: (error) => reported.push(error) });
  assert.deepEqual(reported, [damage]);
  assert.equal(result.unreadable, 1);
  assert.deepEqual(Object.keys(await content(from)), ["b"]);
  assert.deepEqual(Object.keys(await content(to)), ["a", "c"]);
});

test("a target with nothing but four methods is enough", async () => {
  const { from } = stores();
  await from.setMany([
    ["a", utf8("1")],
    ["b", utf8("1")],
  ]);
  const entries = new Map<string, Entry>([["b", { value: utf8("mine"), expiresAt: Infinity }]]);
  const to = createStore({
    get: (key) => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => entries.delete(key),
    isPersistent: () => false,
  });
  assert.deepEqual(await migrate(from, to), { ...nothing, copied: 1, kept: 1, bytes: 1 });
  assert.deepEqual(
    [...entries.values()].map(({ value }) => new TextDecoder().decode(value)),
    ["mine", "1"],
  );
  await assert.rejects(migrate(to, from), isCode("unsupported"));
});

test("what the caller's functions throw ends the migration", async () => {
  const { from, to } = stores();
  await from.set("a", utf8("1"));
  const failure = new Error("mine");
  const throws = (): never => {
    throw failure;
  };
  await assert.rejects(migrate(from, to, { onProgress: throws }), failure);
});

test("arguments that make no sense are refused before anything is done", async () => {
  const { from, to } = stores();
  await from.set("a", utf8("1"));
  await assert.rejects(migrate(from, from), isCode("invalid-argument"));
  await assert.rejects(migrate(null as never, to), isCode("invalid-argument"));
  await assert.rejects(migrate(from, undefined as never), isCode("invalid-argument"));
  await assert.rejects(migrate(from, to, { onSkipped: 1 as never }), isCode("invalid-argument"));
  await assert.rejects(migrate(from, to, { onProgress: 1 as never }), isCode("invalid-argument"));
  await assert.rejects(migrate(from, to, { prefix: 1 as never }), isCode("invalid-argument"));
  await assert.rejects(migrate(from, to, null as never), isCode("invalid-argument"));
  await assert.rejects(migrate(from, to, { signal: AbortSignal.abort("early") }), (reason) => reason === "early");
  assert.deepEqual(await content(to), {});
});
