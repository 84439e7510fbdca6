import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError, json, memory } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";
import { showChange } from "../support/showChange.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length);

async function keysOf(store: ReturnType<typeof memory>): Promise<string[]> {
  return (await store.list()).entries.map(({ key }) => key);
}

test("a store with maxEntries holds no more, and keeps what is used", async () => {
  const store = memory({ maxEntries: 3 });
  for (const key of ["a", "b", "c"]) await store.set(key, bytes(1));
  await store.get("a");
  await store.set("d", bytes(1));
  assert.deepEqual(await keysOf(store), ["a", "c", "d"]);
  await store.set("e", bytes(1));
  assert.deepEqual(await keysOf(store), ["a", "d", "e"]);
});

test("a long scan does not flush what is used again and again", async () => {
  const store = memory({ maxEntries: 100 });
  for (let index = 0; index < 50; index++) await store.set(`hot ${index}`, bytes(1));
  for (let index = 0; index < 5000; index++) {
    await store.set(`scanned ${index}`, bytes(1));
    await store.find(`hot ${index % 50}`);
  }
  const hot = (await keysOf(store)).filter((key) => key.startsWith("hot"));
  assert.equal(hot.length, 50);
});

test("a store with maxBytes counts values and keys, and refuses what could never fit", async () => {
  const store = memory({ maxBytes: 100 });
  await store.set("a", bytes(48));
  await store.set("b", bytes(48));
  assert.deepEqual(await keysOf(store), ["a", "b"]);
  await store.set("b", bytes(40));
  await store.set("c", bytes(6));
  assert.deepEqual(await keysOf(store), ["a", "b", "c"]);
  await assert.rejects(
    store.set("a", bytes(99)),
    (error) => isStoreError(error, "quota-exceeded") && error.key === "a",
  );
  assert.equal((await store.get("a")).length, 48);
  await assert.rejects(store.setMany([["x", bytes(1)], ["y", bytes(100)]])); // prettier-ignore
  assert.equal(await store.has("x"), false);
  await store.set("big", bytes(94));
  assert.deepEqual(await keysOf(store), ["big"]);
});

test("what has expired goes before what lives, and evictions are reported", async () => {
  const clock = createClock();
  const store = memory({ maxEntries: 2, now: clock.now });
  await store.set("lives", bytes(1));
  await store.set("expires", bytes(1), { ttl: 5 });
  const watch = store.watch();
  await store.find("none");
  clock.advance(5);
  await store.set("new", bytes(1));
  await store.set("newer", bytes(1));
  const reported: string[] = [];
  for await (const change of watch) {
    reported.push(showChange(change));
    if (reported.length === 4) break;
  }
  assert.deepEqual(reported, ["expire expires", "set new", "delete lives", "set newer"]);
});

test("deadlines that move leave nothing behind, near or far", async () => {
  const clock = createClock(0);
  const store = memory({ now: clock.now });
  for (let round = 1; round <= 200; round++) {
    for (let index = 0; index < 20; index++) await store.set(`key ${index}`, bytes(1), { ttl: 1 + ((round * index * 7919) % 100_000) }); // prettier-ignore
    clock.advance(round % 7);
    await store.sweep();
  }
  let live = (await keysOf(store)).length;
  while (live > 0) {
    clock.advance(997);
    live -= await store.sweep();
    assert.equal((await keysOf(store)).length, live);
  }
  assert.equal(live, 0);
});

test("a read does not see what is written after it was asked for", async () => {
  const store = memory();
  await store.set("a", Uint8Array.of(1));
  const reads = [store.find("a"), store.findMany(["a"]), store.entry("a")];
  await Promise.all([store.set("a", Uint8Array.of(2)), store.setMany([["a", Uint8Array.of(3)]])]);
  const [found, many, entry] = await Promise.all(reads);
  assert.deepEqual([found, many, entry], [Uint8Array.of(1), [Uint8Array.of(1)], { value: Uint8Array.of(1), expiresAt: Infinity }]); // prettier-ignore
});

/** Counts the calls of a method of a built-in while something is done, and what `weigh` makes of each. */
async function counted(
  prototype: object,
  name: string,
  work: () => Promise<unknown>,
  weigh: (self: any) => number = () => 1,
): Promise<number> {
  const method = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
  let count = 0;
  Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
    count += weigh(this);
    return method.apply(this, args);
  });
  try {
    await work();
  } finally {
    Reflect.set(prototype, name, method);
  }
  return count;
}

test("a page costs a page, whatever is written between pages", async () => {
  const store = memory();
  const count = 20_000;
  const nameOf = (index: number): string => `key ${(index * 7919) % count}`;
  await store.setMany(Array.from({ length: count }, (_, index) => [nameOf(index), bytes(1)] as const));
  await store.list({ limit: 1 });
  const visited = await counted(Map.prototype, "has", () => store.list({ limit: 5, prefix: "key 7" }));
  assert.ok(visited < 10, `${visited} keys were visited`);
  const writeAndList = async (): Promise<void> => {
    for (let round = 0; round < 1000; round++) {
      await store.set(`new ${round}`, bytes(1));
      await store.delete(nameOf(round));
      await store.list({ limit: 5 });
    }
  };
  const sorted = await counted(Array.prototype, "sort", writeAndList, (keys: unknown[]) => keys.length);
  // All of it each time would be 20 million.
  assert.ok(sorted < 1_000_000, `${sorted} keys were sorted`);
});

test("a sweep looks at what has expired, not at what is stored or was removed before its time", async () => {
  let time = 0;
  const store = memory({ now: () => time, sweepInterval: Infinity });
  const put = (index: number, ttl: number): Promise<void> => store.set(`key ${index}`, bytes(1), { ttl });
  for (let index = 0; index < 5000; index++) await put(index, 3_600_000);
  for (let index = 5000; index < 10_000; index++) {
    await put(index, 60_000);
    await store.delete(`key ${index}`);
  }
  for (let index = 0; index < 100; index++) await put(index, 50_000);
  time = 70_000;
  let removed = 0;
  const visited = await counted(Map.prototype, "get", async () => (removed = await store.sweep()));
  assert.equal(removed, 100);
  assert.ok(visited < 500, `${visited} entries were looked at`);
});

test("making room looks at few, however many deadlines there are", async () => {
  let time = 0;
  const store = memory({ maxEntries: 1000, now: () => time, sweepInterval: Infinity });
  const put = (index: number): Promise<void> =>
    store.set(`key ${index}`, bytes(1), { ttl: 1e6 + 2 ** (20 + (index % 160) / 8) });
  for (let index = 0; index < 1000; index++) await put(index);
  const iterator = Object.getPrototypeOf(new Map().entries()) as object;
  const steps = await counted(iterator, "next", async () => {
    for (let index = 1000; index < 2000; index++, time++) await put(index);
  });
  assert.ok(steps < 5000, `${steps} steps for 1000 entries`);
});

test("a listing is right whatever came and went, and came again", async () => {
  const store = memory();
  const there = new Set<string>();
  let random = 7;
  const pick = (limit: number): number => (random = (random * 48_271) % 2_147_483_647) % limit;
  for (let round = 0; round < 60; round++) {
    const many = pick(4) ? 100 : 3000;
    for (let times = pick(many); times > 0; times--) {
      const key = `${pick(2) ? "a" : "b"}/${pick(2000)}`;
      if (pick(3)) {
        await store.set(key, bytes(1));
        there.add(key);
      } else if (there.delete(key)) await store.delete(key);
    }
    for (const prefix of ["", "a/", "b/1"]) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ prefix, limit: 1 + pick(700), cursor });
        found.push(...page.entries.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(found, [...there].filter((key) => key.startsWith(prefix)).sort());
    }
  }
});

test("JSON counts in the bytes that it is", async () => {
  const store = json(memory({ maxBytes: 10 }));
  // A key of 2 bytes, and 8 of value: two quotation marks and three times two.
  await store.set("a", "äöü");
  await assert.rejects(store.set("a", "äöüx"), { code: "quota-exceeded" });
  assert.equal(await store.get("a"), "äöü");
});
