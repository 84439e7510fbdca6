import assert from "node:assert/strict";
import { test } from "vitest";
import { json, localstorage, sessionstorage } from "../../../src/index.ts";
import { cases, createClock, proveAll, type Subject } from "../../../src/testing.ts";
import { utf8 } from "../../support/bytes.ts";
import { hasCode, keysOf, openIn } from "../../support/localStorage.ts";
import { TextStorage } from "../../support/textStorage.ts";

test("an injected storage keeps the contract", { timeout: 120_000 }, async () => {
  const media = new Map<string, TextStorage>();
  const subject: Subject<Uint8Array> = {
    name: "injected storage",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared"],
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
  const [store, storage] = openIn();
  const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
  const values = [
    ...Array.from({ length: 70 }, (_, length) => random(length)),
    ...Array.from({ length: 70 }, (_, length) => new Uint8Array(length).fill(255)),
    random(65_536),
    new Uint8Array(new SharedArrayBuffer(3)).fill(65),
    ...["", "\0", "\ufeff", "\ufeff\ufeff{}", "a\0b", "é€\u{1f600}\uffff\ufffd", "line\r\nline\u2028"].map(utf8),
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
  const [store, storage] = openIn();
  await store.set("json", utf8('{"a":"é"}'));
  assert.ok(storage.items.get("shelflife:json")!.endsWith('{"a":"é"}'));
  await store.set("bytes", new Uint8Array(15_000).fill(200));
  const { length } = storage.items.get("shelflife:bytes")!;
  assert.ok(length <= 8000 + 20, `${length} units`);
});

test("JSON is kept as its text, and is bytes for every call on bytes", async () => {
  const clock = createClock();
  const [store, storage] = openIn({ now: clock.now });
  const view = json<any>(store);
  // What has more bytes than units, and what JSON has to escape.
  for (const value of [{ a: "b" }, "", "é€\u{1f600}", "\ud800", "\0\ufeff\ufffd", 41, null, "x".repeat(10_000)]) {
    const bytes = utf8(JSON.stringify(value));
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
    assert.equal(await store.compareAndSet("key", utf8("other"), bytes), false);
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
  const [store, storage] = openIn();
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
    assert.deepEqual(await store.get("old"), utf8(JSON.stringify(value)));
    assert.equal((await store.list()).entries[0]!.size, utf8(JSON.stringify(value)).length);
  }
});

test("what the page keeps there is left alone", async () => {
  const clock = createClock();
  const [store, storage] = openIn({ now: clock.now });
  const foreign: Record<string, string> = {
    shelflif: "1",
    "shelflife:": "2",
    "shelflife:\ud83d": "3",
    "other:a": "t0,1,x",
    a: "4",
  };
  foreign[`shelflife:${"k".repeat(1025)}`] = "too long a key";
  for (const [name, item] of Object.entries(foreign)) storage.items.set(name, item);
  await store.set("a", utf8("mine"));
  await store.set("b", utf8("mine"), { ttl: 5 });
  assert.deepEqual(await keysOf(store), ["a", "b"]);
  clock.advance(5);
  assert.equal(await store.sweep(), 1);
  await store.clear();
  assert.deepEqual(Object.fromEntries(storage.items), foreign);
});

test("stores with prefixes of their own do not meet", async () => {
  const storage = new TextStorage();
  const [one, two] = [localstorage({ storage, prefix: "one:" }), localstorage({ storage, prefix: "two:" })];
  await one.set("a", utf8("1"));
  await two.set("b", utf8("2"));
  assert.deepEqual([await keysOf(one), await keysOf(two)], [["a"], ["b"]]);
  await one.clear();
  assert.deepEqual(await keysOf(two), ["b"]);
});

test("prefixes that begin with one another do not meet either", async () => {
  const prefixes = [
    "app",
    "app2",
    "app:",
    "app:x:",
    "app~",
    "app~:",
    "app~0",
    "app~1",
    "a",
    "~a",
    ":",
    "::",
    "app~~:",
    "shelflife:",
    "shelf",
  ];
  const storage = new TextStorage();
  const stores = prefixes.map((prefix) => localstorage({ storage, prefix }));
  const keys = ["2precious", "precious", ":", "~:", "x:k", "life:k", "p2k"];
  for (const [index, store] of stores.entries()) for (const key of keys) await store.set(key, utf8(`${index} ${key}`));
  for (const [index, store] of stores.entries()) {
    assert.deepEqual(await keysOf(store), [...keys].sort(), prefixes[index]);
    for (const key of keys) assert.deepEqual(await store.get(key), utf8(`${index} ${key}`));
    const changes = store.watch();
    await stores[(index + 1) % stores.length]!.set("key", utf8("of another"));
    await store.set("own", utf8("own"));
    assert.deepEqual((await changes.next()).value, { type: "set", key: "own" });
    await changes.return!();
    await store.clear();
    assert.deepEqual(await keysOf(store), []);
    await stores[(index + 1) % stores.length]!.delete("key");
  }
});

test("entries of version 0.1 are there under a prefix that ends in its only colon, and refused under any other", async () => {
  const storage = new TextStorage();
  const items: Record<string, string> = { "app:a": "t,1,x", app2precious: "b,1,\u1100", app2: "page's own" };
  for (const [name, item] of Object.entries(items)) storage.items.set(name, item);
  assert.deepEqual(await localstorage({ storage, prefix: "app:" }).get("a"), utf8("x"));
  const store = localstorage({ storage, prefix: "app2" });
  for (const call of [
    () => store.find("precious"),
    () => store.set("a", utf8("b")),
    () => store.clear(),
    () => store.watch().next(),
  ]) {
    await assert.rejects(
      call,
      (error: Error) => hasCode("bad-config")(error) && error.message.includes('"app2precious"'),
    );
  }
  assert.deepEqual(Object.fromEntries(storage.items), items);
  storage.items.set("app2~:precious", items["app2precious"]!);
  storage.items.delete("app2precious");
  assert.deepEqual(await store.get("precious"), Uint8Array.of(0x22));
  // What is written now is known to be of its own prefix.
  await localstorage({ storage, prefix: "apple:" }).set("k", utf8(""));
  storage.items.delete("app:a");
  assert.equal(await localstorage({ storage, prefix: "app" }).find("le:k"), undefined);
});

test("a storage that fails is unavailable, not a miss", async () => {
  const [store, storage] = openIn();
  const cause = new DOMException("gone", "InvalidStateError");
  await store.set("key", utf8("x"));
  const { getItem, setItem } = storage;
  storage.getItem = storage.setItem = () => {
    throw cause;
  };
  const isUnavailable = (error: unknown) => hasCode("unavailable", "key")(error) && (error as Error).cause === cause;
  await assert.rejects(() => store.get("key"), isUnavailable);
  await assert.rejects(() => store.set("key", utf8("y")), isUnavailable);
  await assert.rejects(() => store.increment("key"), isUnavailable);
  Object.assign(storage, { getItem, setItem });
  assert.deepEqual(await store.get("key"), utf8("x"));
});

test("options are checked, all at once", () => {
  for (const prefix of ["", "~", "~shelf", "~shelflife", "\ud800", 5 as unknown as string]) {
    assert.throws(() => localstorage({ prefix }), hasCode("bad-config"), JSON.stringify(prefix));
    assert.throws(() => sessionstorage({ prefix }), hasCode("bad-config"), JSON.stringify(prefix));
  }
  assert.throws(
    () => localstorage({ storage: "none" as never, prefix: "" }),
    /"prefix".*"storage" must be "local", "session"/,
  );
  assert.throws(() => localstorage({ storage: null as never }), hasCode("bad-config"));
  assert.throws(() => sessionstorage({ storage: "local" } as never), /option "storage" must be left out/);
});
