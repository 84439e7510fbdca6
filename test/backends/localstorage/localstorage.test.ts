import assert from "node:assert/strict";
import { test } from "vitest";
import {
  isStoreError,
  json,
  localstorage,
  sessionstorage,
  type LocalStorageOptions,
  type Store,
} from "../../../src/index.ts";
import { cases, createClock, proveAll, type Subject } from "../../../src/testing.ts";
import { TextStorage } from "../../support/textStorage.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const code = (code: string, key?: string) => (error: unknown) =>
  isStoreError(error) && error.code === code && (key === undefined || error.key === key);

function open(options: Omit<LocalStorageOptions, "storage"> = {}, quota?: number): [Store, TextStorage] {
  const storage = new TextStorage(quota);
  return [localstorage({ ...options, storage }), storage];
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  return keys;
}

test("an injected storage keeps the contract", { timeout: 120_000 }, async () => {
  const media = new Map<string, TextStorage>();
  const subject: Subject<Uint8Array> = {
    name: "injected storage",
    can: ["atomic", "list", "sweep", "watch", "bytes", "shared"],
    open(medium, options) {
      const storage = media.get(medium) ?? new TextStorage();
      media.set(medium, storage);
      return localstorage({ ...options, storage });
    },
  };
  const results = await proveAll(cases, subject);
  assert.ok(results.length > 50);
  assert.deepEqual(
    results.filter(({ error }) => error !== undefined),
    [],
  );
});

test("any bytes come back as they were, from text without lone surrogates", async () => {
  const [store, storage] = open();
  const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
  const values = [
    ...Array.from({ length: 70 }, (_, length) => random(length)),
    ...Array.from({ length: 70 }, (_, length) => new Uint8Array(length).fill(255)),
    random(65_536),
    new Uint8Array(new SharedArrayBuffer(3)).fill(65),
    ...["", "\0", "\ufeff", "\ufeff\ufeff{}", "a\0b", "é€\u{1f600}\uffff\ufffd", "line\r\nline\u2028"].map(text),
    // What is no UTF-8: a cut sequence, an overlong one, a surrogate, a stray continuation, beyond the last character.
    ...[[0xe2, 0x82], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x80], [0xf4, 0x90, 0x80, 0x80], [0xff, 0xfe], [0xfe, 0xff]].map((bytes) => Uint8Array.from(bytes)), // prettier-ignore
  ];
  for (const [index, value] of values.entries()) {
    await store.set("key", value, index % 2 ? { ttl: 1000 } : {});
    assert.deepEqual(await store.get("key"), value);
    assert.ok(!/\p{Cs}/u.test(storage.items.get("shelflife:key")!));
    const listed = (await store.list()).entries[0]!;
    assert.equal(listed.size, value.length);
  }
});

test("text is kept as text, other bytes 15 bits to the unit", async () => {
  const [store, storage] = open();
  await store.set("json", text('{"a":"é"}'));
  assert.ok(storage.items.get("shelflife:json")!.endsWith('{"a":"é"}'));
  await store.set("bytes", new Uint8Array(15_000).fill(200));
  const { length } = storage.items.get("shelflife:bytes")!;
  assert.ok(length <= 8000 + 20, `${length} units`);
});

test("JSON is kept as its text, and is bytes for every call on bytes", async () => {
  const clock = createClock();
  const [store, storage] = open({ now: clock.now });
  const view = json<any>(store);
  // What has more bytes than units, and what JSON has to escape.
  for (const value of [{ a: "b" }, "", "é€\u{1f600}", "\ud800", "\0\ufeff\ufffd", 41, null, "x".repeat(10_000)]) {
    const bytes = text(JSON.stringify(value));
    await store.set("key", bytes, { ttl: 1000 });
    const record = storage.items.get("shelflife:key");
    await store.delete("key");
    await view.set("key", value, { ttl: 1000 });
    assert.equal(storage.items.get("shelflife:key"), record, "whichever way it came");
    assert.deepEqual(await view.get("key"), value);
    assert.deepEqual(await store.get("key"), bytes);
    assert.deepEqual(await store.entry("key"), { value: bytes, expiresAt: clock.now() + 1000 });
    assert.deepEqual(await store.findMany(["key", "none"]), [bytes, undefined]);
    assert.equal((await store.list()).entries[0]!.size, bytes.length);
    assert.equal(await store.touch("key", { ttl: 2000 }), true);
    assert.equal(await store.compareAndSet("key", text("other"), bytes), false);
    assert.equal(await store.compareAndSet("key", bytes, bytes), true);
    assert.deepEqual(await store.update("key", (current) => current), bytes);
    assert.deepEqual(await view.get("key"), value);
    assert.deepEqual(await store.take("key"), bytes);
  }
  await view.set("n", 41);
  assert.equal(await store.increment("n"), 42);
  assert.equal(await view.get("n"), 42);
  await view.set("gone", 1, { ttl: 5 });
  clock.advance(5);
  assert.equal(await view.find("gone"), undefined);
});

test("records of earlier versions are read, and a lone surrogate is the same to all who read it", async () => {
  const [store, storage] = open();
  const view = json<any>(store);
  const records: [record: string, value: unknown][] = [
    ['t,9,{"a":"b"}', { a: "b" }],
    [`t${Date.UTC(2100, 0).toString(36)},a,{"a":"é"}`, { a: "é" }],
    ['t,b,{"a":"\ud800"}', { a: "\ufffd" }],
    // As many bytes as units.
    ["b,3,\u1119\u4400", undefined],
  ];
  for (const [record, value] of records) {
    storage.items.set("shelflife:old", record);
    if (value === undefined) {
      assert.deepEqual(await store.get("old"), Uint8Array.of(0x22, 0x33, 0x10));
      continue;
    }
    assert.deepEqual(await view.get("old"), value);
    assert.deepEqual(await store.get("old"), text(JSON.stringify(value)));
    assert.equal((await store.list()).entries[0]!.size, text(JSON.stringify(value)).length);
  }
});

test("a damaged record is cant-decode to readers, and in nobody's way", async () => {
  const clock = createClock();
  const [store, storage] = open({ now: clock.now });
  const written = { text: text("a text of some length"), bytes: Uint8Array.of(255, 254, 253, 252) };
  for (const [kind, value] of Object.entries(written)) {
    await store.set("model", value, { ttl: 60_000 });
    const whole = storage.items.get("shelflife:model")!;
    await store.set("before", text("b"));
    await store.set("later", text("l"));
    const damaged = Array.from({ length: whole.length }, (_, length) => whole.slice(0, length));
    damaged.push(`${whole}x`, `u${whole.slice(1)}`, "2", "{}", "t,zzzzzzzz,", "b,zzzzzzzz,", "t", "\ud800");
    for (const record of damaged) {
      storage.items.set("shelflife:bad", record);
      const what = `${kind} ${JSON.stringify(record)}`;
      for (const name of ["get", "find", "entry", "take", "increment"] as const) {
        await assert.rejects(async () => store[name]("bad"), code("cant-decode", "bad"), `${name} of ${what}`);
      }
      await assert.rejects(() => store.findMany(["before", "bad"]), code("cant-decode", "bad"), what);
      await assert.rejects(
        () => store.update("bad", (value) => value && text("new")),
        code("cant-decode", "bad"),
        what,
      );
      await assert.rejects(() => store.compareAndSet("bad", text("x"), text("y")), code("cant-decode", "bad"), what);
      await assert.rejects(() => store.setIfAbsent("bad", text("x")), code("cant-decode", "bad"), what);
      assert.equal(storage.items.get("shelflife:bad"), record, `${what} is left as it is`);
      assert.deepEqual(await keysOf(store), ["bad", "before", "later", "model"], what);
      assert.deepEqual(await store.get("later"), text("l"));
      await store.sweep();
      await store.delete("bad");
      assert.equal(await store.has("bad"), false, what);
      storage.items.set("shelflife:bad", record);
      assert.equal(await store.deleteMany(["bad"]), 1, what);
      storage.items.set("shelflife:bad", record);
      await store.set("bad", text("good"));
      assert.deepEqual(await store.get("bad"), text("good"), what);
    }
    storage.items.set("shelflife:bad", "damaged");
    await store.clear();
    assert.deepEqual(await keysOf(store), []);
  }
});

test("what the page keeps there is left alone", async () => {
  const clock = createClock();
  const [store, storage] = open({ now: clock.now });
  const foreign: Record<string, string> = {
    shelflif: "1",
    "shelflife:": "2",
    "shelflife:\ud83d": "3",
    "other:a": "t0,1,x",
    a: "4",
  };
  foreign[`shelflife:${"k".repeat(1025)}`] = "too long a key";
  for (const [name, item] of Object.entries(foreign)) storage.items.set(name, item);
  await store.set("a", text("mine"));
  await store.set("b", text("mine"), { ttl: 5 });
  assert.deepEqual(await keysOf(store), ["a", "b"]);
  clock.advance(5);
  assert.equal(await store.sweep(), 1);
  await store.clear();
  assert.deepEqual(Object.fromEntries(storage.items), foreign);
});

test("stores with prefixes of their own do not meet", async () => {
  const storage = new TextStorage();
  const [one, two] = [localstorage({ storage, prefix: "one:" }), localstorage({ storage, prefix: "two:" })];
  await one.set("a", text("1"));
  await two.set("b", text("2"));
  assert.deepEqual([await keysOf(one), await keysOf(two)], [["a"], ["b"]]);
  await one.clear();
  assert.deepEqual(await keysOf(two), ["b"]);
});

test("a full storage refuses with quota-exceeded and keeps what it had", async () => {
  const [store, storage] = open({}, 1000);
  await store.set("old", text("x".repeat(300)));
  await assert.rejects(() => store.set("big", text("x".repeat(900))), code("quota-exceeded", "big"));
  await assert.rejects(() => store.set("old", text("y".repeat(990))), code("quota-exceeded", "old"));
  await assert.rejects(() => store.update("old", () => text("y".repeat(990))), code("quota-exceeded", "old"));
  assert.deepEqual(await store.get("old"), text("x".repeat(300)));
  await store.set("b", text("y".repeat(300)));
  const before = new Map(storage.items);
  const changes = store.watch();
  const items = ["old", "new", "b"].map((key, index) => [key, text("z".repeat(index === 2 ? 900 : 200))] as const);
  await assert.rejects(() => store.setMany(items), code("quota-exceeded", "b"));
  assert.deepEqual(storage.items, before);
  await store.delete("old");
  await store.set("old", text("x".repeat(350)));
  assert.deepEqual(
    (await changes.next()).value,
    { type: "delete", key: "old" },
    "nothing is told of what was not written",
  );
  await changes.return!();
});

test("expired entries make room, and no other", async () => {
  const clock = createClock();
  const [store, storage] = open({ now: clock.now }, 1000);
  storage.items.set("foreign", "x".repeat(50));
  await store.set("expired", text("x".repeat(400)), { ttl: 10 });
  await store.set("live", text("x".repeat(400)), { ttl: 1000 });
  clock.advance(10);
  const changes = store.watch();
  await store.set("new", text("y".repeat(300)));
  assert.deepEqual((await changes.next()).value, { type: "expire", key: "expired" });
  assert.deepEqual((await changes.next()).value, { type: "set", key: "new" });
  assert.deepEqual([...storage.items.keys()].sort(), ["foreign", "shelflife:live", "shelflife:new"]);
  await assert.rejects(() => store.set("more", text("y".repeat(300))), code("quota-exceeded", "more"));
  await changes.return!();
});

test("a sweep reads what has expired, not what is stored", async () => {
  const clock = createClock();
  const [store, storage] = open({ now: clock.now });
  await store.setMany(Array.from({ length: 2000 }, (_, index) => [`lasting ${index}`, text("x")] as const));
  await store.setMany(
    Array.from({ length: 20 }, (_, index) => [`old ${index}`, text("x"), { ttl: 1 + index }] as const),
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
  await store.set("fresh", text("x"), { ttl: 5 });
  await store.set("old 19", text("x"), { ttl: 1000 });
  // The other store hears of changes a little later.
  for await (const { key } of heard) if (key === "old 19") break;
  clock.advance(10);
  assert.equal(await other.sweep(), 10, "what another store wrote: 9 old ones and the fresh one");
  assert.equal(await store.sweep(), 0);
});

test("pages go on where they ended, and a listing looks at all names once", async () => {
  const [store, storage] = open();
  const keys = Array.from({ length: 50 }, (_, index) => `k ${String(index).padStart(2, "0")}`);
  await store.setMany(keys.map((key) => [key, text(key)] as const));
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
  await store.set("k 30a", text("added"));
  await store.delete("k 24");
  assert.equal((await store.list({ cursor: half })).entries.length, 26);
});

test("a storage that fails is unavailable, not a miss", async () => {
  const [store, storage] = open();
  const cause = new DOMException("gone", "InvalidStateError");
  await store.set("key", text("x"));
  const { getItem, setItem } = storage;
  storage.getItem = storage.setItem = () => {
    throw cause;
  };
  const isUnavailable = (error: unknown) => code("unavailable", "key")(error) && (error as Error).cause === cause;
  await assert.rejects(() => store.get("key"), isUnavailable);
  await assert.rejects(() => store.set("key", text("y")), isUnavailable);
  await assert.rejects(() => store.increment("key"), isUnavailable);
  Object.assign(storage, { getItem, setItem });
  assert.deepEqual(await store.get("key"), text("x"));
});

test("options are checked, all at once", () => {
  for (const prefix of ["", "~", "~shelf", "~shelflife", "\ud800", 5 as unknown as string]) {
    assert.throws(() => localstorage({ prefix }), code("bad-config"), JSON.stringify(prefix));
    assert.throws(() => sessionstorage({ prefix }), code("bad-config"), JSON.stringify(prefix));
  }
  assert.throws(
    () => localstorage({ storage: "none" as never, prefix: "" }),
    /"prefix".*"storage" must be "local", "session"/,
  );
  assert.throws(() => localstorage({ storage: null as never }), code("bad-config"));
  assert.throws(() => sessionstorage({ storage: "local" } as never), /option "storage" must be left out/);
});
