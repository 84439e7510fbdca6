// Entries in a Storage that is full, damaged, or holds what has expired.
import assert from "node:assert/strict";
import { test } from "vitest";
import { localstorage } from "../../../src/index.ts";
import { createClock } from "../../../src/testing.ts";
import { utf8 } from "../../support/bytes.ts";
import { hasCode, keysOf, openIn } from "../../support/localStorage.ts";
import { showChange } from "../../support/showChange.ts";

test("a damaged record is cant-decode to readers, and in no other's way", async () => {
  const clock = createClock();
  const [store, storage] = openIn({ now: clock.now });
  const written = { text: utf8("a text of some length"), bytes: Uint8Array.of(255, 254, 253, 252) };
  for (const [kind, value] of Object.entries(written)) {
    await store.set("model", value, { ttl: 60_000 });
    const whole = storage.items.get("shelflife:model")!;
    await store.set("before", utf8("b"));
    await store.set("later", utf8("l"));
    const damaged = Array.from({ length: whole.length }, (_, length) => whole.slice(0, length));
    damaged.push(`${whole}x`, `u${whole.slice(1)}`, "2", "{}", "t,zzzzzzzz,", "b,zzzzzzzz,", "t", "\ud800");
    for (const record of damaged) {
      storage.items.set("shelflife:bad", record);
      const what = `${kind} ${JSON.stringify(record)}`;
      for (const name of ["get", "find", "entry", "take", "increment"] as const) {
        await assert.rejects(async () => store[name]("bad"), hasCode("cant-decode", "bad"), `${name} of ${what}`);
      }
      await assert.rejects(() => store.findMany(["before", "bad"]), hasCode("cant-decode", "bad"), what);
      await assert.rejects(
        () => store.update("bad", (value) => value && utf8("new")),
        hasCode("cant-decode", "bad"),
        what,
      );
      await assert.rejects(() => store.compareAndSet("bad", utf8("x"), utf8("y")), hasCode("cant-decode", "bad"), what);
      await assert.rejects(() => store.setIfAbsent("bad", utf8("x")), hasCode("cant-decode", "bad"), what);
      assert.equal(storage.items.get("shelflife:bad"), record, `${what} is left as it is`);
      assert.deepEqual(await keysOf(store), ["bad", "before", "later", "model"], what);
      assert.deepEqual(await store.get("later"), utf8("l"));
      await store.sweep();
      await store.delete("bad");
      assert.equal(await store.has("bad"), false, what);
      storage.items.set("shelflife:bad", record);
      assert.equal(await store.deleteMany(["bad"]), 1, what);
      storage.items.set("shelflife:bad", record);
      await store.set("bad", utf8("good"));
      assert.deepEqual(await store.get("bad"), utf8("good"), what);
    }
    storage.items.set("shelflife:bad", "damaged");
    await store.clear();
    assert.deepEqual(await keysOf(store), []);
  }
});

test("a full storage refuses with quota-exceeded and keeps what it had", async () => {
  const [store, storage] = openIn({}, 1000);
  await store.set("old", utf8("x".repeat(300)));
  await assert.rejects(() => store.set("big", utf8("x".repeat(900))), hasCode("quota-exceeded", "big"));
  await assert.rejects(() => store.set("old", utf8("y".repeat(990))), hasCode("quota-exceeded", "old"));
  await assert.rejects(() => store.update("old", () => utf8("y".repeat(990))), hasCode("quota-exceeded", "old"));
  assert.deepEqual(await store.get("old"), utf8("x".repeat(300)));
  await store.set("b", utf8("y".repeat(300)));
  const before = new Map(storage.items);
  const changes = store.watch();
  const items = ["old", "new", "b"].map((key, index) => [key, utf8("z".repeat(index === 2 ? 900 : 200))] as const);
  await assert.rejects(() => store.setMany(items), hasCode("quota-exceeded", "b"));
  assert.deepEqual(storage.items, before);
  await store.delete("old");
  await store.set("old", utf8("x".repeat(350)));
  assert.deepEqual(
    (await changes.next()).value,
    { type: "delete", key: "old" },
    "nothing is reported of what was not written",
  );
  await changes.return!();
});

test("expired entries make room, and no other", async () => {
  const clock = createClock();
  const [store, storage] = openIn({ now: clock.now }, 1000);
  storage.items.set("foreign", "x".repeat(50));
  await store.set("expired", utf8("x".repeat(400)), { ttl: 10 });
  await store.set("live", utf8("x".repeat(400)), { ttl: 1000 });
  const changes = store.watch();
  await store.find("live");
  clock.advance(10);
  await store.set("new", utf8("y".repeat(300)));
  assert.deepEqual((await changes.next()).value, { type: "expire", key: "expired" });
  assert.deepEqual((await changes.next()).value, { type: "set", key: "new" });
  assert.deepEqual([...storage.items.keys()].sort(), ["foreign", "shelflife:live", "shelflife:new"]);
  await assert.rejects(() => store.set("more", utf8("y".repeat(300))), hasCode("quota-exceeded", "more"));
  await changes.return!();
});

test("a sweep reads what has expired, not what is stored", async () => {
  const clock = createClock();
  const [store, storage] = openIn({ now: clock.now });
  await store.setMany(Array.from({ length: 2000 }, (_, index) => [`lasting ${index}`, utf8("x")] as const));
  await store.setMany(
    Array.from({ length: 20 }, (_, index) => [`old ${index}`, utf8("x"), { ttl: 1 + index }] as const),
  );
  await store.sweep();
  clock.advance(10);
  storage.reads = 0;
  assert.equal(await store.sweep(), 10);
  assert.ok(storage.reads <= 40, `${storage.reads} reads`);
  const other = localstorage({ storage, now: clock.now });
  assert.equal(await other.sweep(), 0, "what another store swept");
  const heard = other.watch();
  await other.has("fresh");
  await store.set("fresh", utf8("x"), { ttl: 5 });
  await store.set("old 19", utf8("x"), { ttl: 1000 });
  // The other store hears of changes a little later.
  for await (const change of heard) if (showChange(change) === "set old 19") break;
  clock.advance(10);
  assert.equal(await other.sweep(), 10, "what another store wrote: 9 old ones and the fresh one");
  assert.equal(await store.sweep(), 0);
});

test("pages go on where they ended, and a listing looks at all names once", async () => {
  const [store, storage] = openIn();
  const keys = Array.from({ length: 50 }, (_, index) => `k ${String(index).padStart(2, "0")}`);
  await store.setMany(keys.map((key) => [key, utf8(key)] as const));
  let looks = 0;
  const key = storage.key.bind(storage);
  storage.key = (index) => {
    looks++;
    return key(index);
  };
  assert.deepEqual(await keysOf(store), keys);
  looks = 0;
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit: 7, cursor });
    seen.push(...page.entries.map((entry) => entry.key));
    cursor = page.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(seen, keys);
  assert.equal(looks, 50);
  const { cursor: half } = await store.list({ limit: 25 });
  await store.set("k 30a", utf8("added"));
  await store.delete("k 24");
  assert.equal((await store.list({ cursor: half })).entries.length, 26);
});

test("a cursor is a position within the prefix, whatever it is", async () => {
  const [store] = openIn();
  const keys = ["b/", "b/1", "b/2", "b/\u{1f600}"];
  for (const key of ["a/secret", ...keys, "c/secret"]) await store.set(key, utf8(key));
  const first = await store.list({ prefix: "b/", limit: 1 });
  assert.deepEqual([first.entries[0]!.key, first.cursor], ["b/", ""]);
  const second = await store.list({ prefix: "b/", limit: 1, cursor: first.cursor });
  assert.deepEqual([second.entries[0]!.key, second.cursor], ["b/1", "1"]);
  const { cursor: strange } = await store.list({ limit: 2 });
  for (const cursor of ["", "1", "a/secret", strange, "\0", "z", "\uffff"]) {
    const seen = (await store.list({ prefix: "b/", cursor })).entries.map(({ key }) => key);
    assert.deepEqual(
      seen,
      keys.filter((key) => key > `b/${cursor}`),
      JSON.stringify(cursor),
    );
  }
  const halved = store.list({ prefix: "b/", cursor: "\udbff" });
  await assert.rejects(halved, hasCode("invalid-argument"), "half a character is no cursor");
});

test("a view of a buffer that was shrunk is refused, and nothing is stored in its place", async () => {
  const [store] = openIn();
  await store.set("key", utf8("old"));
  const Resizable = ArrayBuffer as new (size: number, options: object) => ArrayBuffer;
  const buffer = new Resizable(8, { maxByteLength: 8 }) as ArrayBuffer & { resize(size: number): void };
  const view = new Uint8Array(buffer, 4, 4);
  buffer.resize(2);
  for (const call of [
    () => store.set("key", view),
    () => store.setMany([["key", view]]),
    () => store.update("key", () => view),
    () => store.compareAndSet("key", utf8("old"), view),
  ]) {
    await assert.rejects(call, hasCode("invalid-argument"), String(call));
  }
  assert.deepEqual(await store.get("key"), utf8("old"));
});

test("a Storage whose methods are asynchronous is refused, at once or at the first call", async () => {
  const later = { getItem: async () => null, setItem: async () => {}, removeItem: async () => {} };
  assert.throws(() => localstorage({ storage: later as never }), hasCode("bad-config"));
  const store = localstorage({ storage: { ...later, key: async () => null, length: 1 } as never });
  for (const call of [
    () => store.get("key"),
    () => store.increment("key"),
    () => store.has("key"),
    () => store.list(),
  ]) {
    await assert.rejects(call, hasCode("unavailable"), String(call));
  }
  await store.close();
});
