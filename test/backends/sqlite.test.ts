import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, test, vi } from "vitest";
import { sqlite, sqliteFactory, type SqliteOptions } from "../../src/backends/sqlite.ts";
import type { Change, Store } from "../../src/core/contract.ts";
import { isStoreError, type StoreError } from "../../src/core/error.ts";
import { cases, casesFor, createClock, prove, type Feature, type Subject } from "../../src/testing.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
// A watch alone does not keep this process alive.
const alive = setInterval(() => {}, 1000);
afterAll(() => {
  clearInterval(alive);
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const fresh = (): string => join(folder, `${++files}.db`);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function refused(work: () => unknown, code: StoreError["code"], message?: RegExp): Promise<StoreError> {
  try {
    await work();
  } catch (error) {
    assert.ok(isStoreError(error, code), String(error));
    if (message) assert.match(error.message, message);
    return error;
  }
  throw new Error(`Expected ${code}`);
}

/** Does something to a file that only SQLite itself can do. */
function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

function count(path: string, table: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const { n } = db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
  db.close();
  return n;
}

async function using(options: SqliteOptions, work: (store: Store) => Promise<void>): Promise<void> {
  const store = sqlite(options);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

const whole: readonly Feature[] = ["atomic", "list", "sweep", "watch", "bytes"];
const subjects: readonly Subject<Uint8Array>[] = [
  {
    name: "sqlite",
    can: [...whole, "shared", "persistent"],
    open: (medium, options) => sqlite({ ...options, path: join(folder, `${medium}.db`) }),
  },
  {
    name: "strict sqlite",
    can: [...whole, "shared", "persistent"],
    rounds: 200,
    open: (medium, options) => sqlite({ ...options, path: join(folder, `${medium}.db`), durability: "strict" }),
  },
  { name: "sqlite in memory", can: whole, open: (_, options) => sqlite({ ...options, path: ":memory:" }) },
];
for (const subject of subjects) {
  for (const each of casesFor(cases, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));
}

test("a configuration is checked without a file, and every problem is told", () => {
  const path = fresh();
  assert.deepEqual(sqliteFactory.valid({ path, durability: "strict" }), { path, durability: "strict" });
  const bad = { path: "", durability: "none", maxBytes: 0, file: "x" };
  assert.throws(
    () => sqliteFactory.valid(bad),
    (error) => {
      assert.ok(isStoreError(error, "bad-config"));
      for (const name of Object.keys(bad)) assert.ok(error.message.includes(`"${name}"`), error.message);
      return true;
    },
  );
  for (const parameters of [undefined, {}, { path: "a\0b" }, { path: 5 }]) {
    assert.throws(() => sqliteFactory.valid(parameters), { code: "bad-config" });
  }
  assert.deepEqual(existsSync(path), false);
});

test("a file is made by the first call, and a close leaves nothing beside it", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await sleep(5);
    assert.equal(existsSync(path), false);
    const watch = store.watch();
    await store.set("key", utf8("x"));
    await watch.next();
    assert.equal(existsSync(path), true);
  });
  const { base, dir } = { base: path.slice(folder.length + 1), dir: readdirSync(folder) };
  assert.deepEqual(
    dir.filter((name) => name.startsWith(base)),
    [base],
  );
  assert.deepEqual([count(path, "entries"), count(path, "watchers"), count(path, "changes")], [1, 0, 0]);
});

test("a path is the name of a file, whatever it looks like", async () => {
  const name = `file:odd?mode=memory&${++files}`;
  const before = process.cwd();
  process.chdir(folder);
  try {
    await using({ path: name }, async (store) => {
      await store.set("key", utf8("x"));
      assert.equal(store.isPersistent(), true);
    });
    assert.ok(existsSync(join(folder, name)));
  } finally {
    process.chdir(before);
  }
});

test("a failed opening is forgotten", async () => {
  const path = join(folder, "later", "x.db");
  await using({ path }, async (store) => {
    const error = await refused(() => store.find("key"), "unavailable", /later/);
    assert.ok(error.cause instanceof Error);
    await refused(() => Promise.all([store.find("key"), store.set("key", utf8("x"))]), "unavailable");
    mkdirSync(join(folder, "later"));
    await store.set("key", utf8("x"));
    assert.equal(text(await store.get("key")), "x");
  });
});

test("a file that is not a store's is refused and stays as it is", async () => {
  const [later, foreign, tagged, noDatabase] = [fresh(), fresh(), fresh(), fresh()];
  await using({ path: later }, (store) => store.set("key", utf8("x")));
  tamper(later, "PRAGMA user_version = 2");
  tamper(foreign, "CREATE TABLE entries (key TEXT, value BLOB)");
  tamper(tagged, "PRAGMA application_id = 42");
  writeFileSync(noDatabase, "Dear diary, ".repeat(1000));
  const wal = fresh();
  tamper(wal, "PRAGMA journal_mode = WAL; CREATE TABLE mine (x)");
  for (const path of [later, foreign, tagged, noDatabase, wal]) {
    const before = readFileSync(path);
    await using({ path }, async (store) => {
      await refused(() => store.set("key", utf8("y")), "bad-config", /option "path" must be/);
      await refused(() => store.find("key"), "bad-config");
    });
    assert.deepEqual(readFileSync(path), before);
  }
});

test("an empty file is taken", async () => {
  const path = fresh();
  writeFileSync(path, "");
  await using({ path }, (store) => store.set("key", utf8("x")));
  await using({ path }, async (store) => assert.equal(text(await store.get("key")), "x"));
});

test("a damaged file is unavailable, and usable again when it is repaired", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    const items = Array.from({ length: 2000 }, (_, index) => [`key ${index}`, utf8("x".repeat(100))] as const);
    await store.setMany(items);
  });
  const sound = readFileSync(path);
  const damaged = Buffer.from(sound);
  damaged.fill(0x55, 4096, 40_000);
  writeFileSync(path, damaged);
  await using({ path }, async (store) => {
    const error = await refused(() => store.get("key 1"), "unavailable");
    assert.ok(error.cause instanceof Error);
    await refused(() => store.set("key 1", utf8("y")), "unavailable");
    writeFileSync(path, sound);
    assert.equal(text(await store.get("key 1")), "x".repeat(100));
  });
  truncateSync(path, 5000);
  await using({ path }, async (store) => void (await refused(() => store.get("key 1"), "unavailable")));
});

test("a damaged row fails alone, is listed, and can be removed or written anew", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.setMany(["good", "text", "deadline", "huge", "other"].map((key) => [key, utf8(key)] as const));
  });
  tamper(
    path,
    `ALTER TABLE entries RENAME TO old; CREATE TABLE entries (key PRIMARY KEY, value, expires_at);
     INSERT INTO entries SELECT * FROM old; DROP TABLE old;
     UPDATE entries SET value = 'no blob' WHERE key = 'text'; UPDATE entries SET expires_at = 'soon' WHERE key = 'deadline';
     UPDATE entries SET expires_at = 1.5 WHERE key = 'huge'`,
  );
  await using({ path }, async (store) => {
    const calls = [
      store.get("text"),
      store.set("neighbour", utf8("x")),
      store.update("text", (current) => current),
      store.get("good"),
      store.increment("n"),
      store.get("deadline"),
    ];
    const outcomes = (await Promise.allSettled(calls)).map((each) =>
      each.status === "rejected" ? each.reason.code : "ok",
    );
    assert.deepEqual(outcomes, ["cant-decode", "ok", "cant-decode", "ok", "ok", "cant-decode"]);
    assert.equal(await store.increment("n", 0), 1);
    assert.equal((await refused(() => store.get("huge"), "cant-decode", /"huge"/)).key, "huge");
    const { entries } = await store.list();
    assert.deepEqual(
      entries.map(({ key }) => key),
      ["deadline", "good", "huge", "n", "neighbour", "other", "text"],
    );
    await store.delete("text");
    await store.set("huge", utf8("small"));
    assert.equal(text(await store.get("huge")), "small");
    assert.equal(await store.find("text"), undefined);
    await store.clear();
    assert.deepEqual((await store.list()).entries, []);
  });
});

test("a full medium refuses, keeps what it has, and has room again for what is deleted or expired", async () => {
  const path = fresh();
  const clock = createClock();
  await using({ path, maxBytes: 1 << 20, now: clock.now }, async (store) => {
    const changes = store.watch();
    const value = (index: number): Uint8Array => new Uint8Array(10_000).fill(index);
    await store.set("kept", utf8("kept"));
    let stored = 0;
    const error = await refused(async () => {
      for (; stored < 1000; stored++) await store.set(`key ${stored}`, value(stored));
    }, "quota-exceeded");
    assert.equal(error.key, `key ${stored}`);
    assert.ok(stored > 50 && stored < 110, String(stored));
    const [small, big, last] = await Promise.allSettled([
      store.set("small", utf8("x")),
      store.set("kept", new Uint8Array(100_000)),
      store.get("key 7"),
    ]);
    assert.equal(small.status, "fulfilled");
    assert.ok(big.status === "rejected" && isStoreError(big.reason, "quota-exceeded"));
    assert.deepEqual(last.status === "fulfilled" && last.value, value(7));
    assert.equal(text(await store.get("kept")), "kept");
    await refused(
      () =>
        store.setMany([
          ["a", value(1)],
          ["b", value(2)],
          ["c", value(3)],
          ["d", value(4)],
        ]),
      "quota-exceeded",
    );
    assert.deepEqual(await store.findMany(["a", "b"]), [undefined, undefined]);

    await store.delete("key 0");
    await store.delete("key 1");
    await store.set("again", value(1), { ttl: 10 });
    await refused(async () => {
      for (let index = 0; index < 10; index++) await store.set(`more ${index}`, value(index), { ttl: 10 });
    }, "quota-exceeded");
    clock.advance(10);
    await store.set("more 20", value(20));
    assert.equal(await store.has("again"), false);
    for (let index = 0; index < stored; index++)
      if (index > 1) assert.deepEqual(await store.get(`key ${index}`), value(index));
    await changes.return!();
  });
  assert.ok(readFileSync(path).length <= (2 << 20) + 4096);
});

test("a full medium has room to tell of what is removed", async () => {
  const path = fresh();
  await using({ path, maxBytes: 300_000 }, async (store) => {
    let stored = 0;
    await refused(async () => {
      for (; ; stored += 100) {
        await store.setMany(Array.from({ length: 100 }, (_, index) => [`key ${stored + index}`, utf8("x")] as const));
      }
    }, "quota-exceeded");
    // One that reads nothing, so that all that is told has to be kept.
    tamper(path, "INSERT INTO watchers (id, position) VALUES ('slow', 0)");
    for (let index = 0; index < stored; index += 3) await store.delete(`key ${index}`);
    assert.equal(count(path, "changes"), Math.ceil(stored / 3));
  });
});

test("a value that can never fit is refused alone", async () => {
  await using({ path: ":memory:", maxBytes: 1 << 20 }, async (store) => {
    const [small, big] = await Promise.allSettled([
      store.set("small", utf8("x")),
      store.set("big", new Uint8Array(3 << 20)),
    ]);
    assert.equal(small.status, "fulfilled");
    assert.ok(big.status === "rejected" && isStoreError(big.reason, "quota-exceeded"));
    assert.equal(big.reason.key, "big");
  });
});

test("a lock of somebody else is waited for without holding up the process, and not for ever", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("key", utf8("old"));
    const db = new DatabaseSync(path);
    db.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const releasing = sleep(400).then(() => db.exec("COMMIT"));
    const start = performance.now();
    const writing = store.set("key", utf8("new"));
    assert.equal(text(await store.get("key")), "new");
    assert.ok(performance.now() - start > 300);
    await Promise.all([writing, releasing]);
    assert.ok(ticks >= 3, String(ticks));

    db.exec("BEGIN IMMEDIATE");
    const outcomes = await Promise.allSettled([
      store.get("key"),
      store.set("key", utf8("newer")),
      store.increment("n"),
      store.get("key"),
    ]);
    clearInterval(ticking);
    assert.deepEqual(
      outcomes.map((each) => (each.status === "rejected" ? each.reason.code : text(each.value as Uint8Array))),
      ["new", "unavailable", "unavailable", "new"],
    );
    db.exec("COMMIT");
    db.close();
    await store.set("key", utf8("newer"));
    assert.deepEqual([text(await store.get("key")), await store.has("n")], ["newer", false]);
  });
});

test("calls one after the other leave the process time for others", async () => {
  await using({ path: fresh() }, async (store) => {
    await store.set("key", utf8("x"));
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    const start = performance.now();
    while (performance.now() - start < 300) {
      await store.set("key", utf8("x"));
      await store.find("key");
    }
    clearInterval(ticking);
    assert.ok(ticks >= 5, String(ticks));
  });
});

test("what an aborted call would have written is not", async () => {
  await using({ path: fresh() }, async (store) => {
    await store.set("key", utf8("old"));
    const controller = new AbortController();
    const writing = store.set("key", utf8("new"), { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(writing, /enough/);
    assert.equal(text(await store.get("key")), "old");
  });
});

test("many calls at once are in order", async () => {
  await using({ path: fresh() }, async (store) => {
    const found: Promise<Uint8Array | undefined>[] = [];
    for (let index = 0; index < 20_000; index++) {
      void store.set("key", utf8(String(index)));
      if (index % 1000 === 0) found.push(store.find("key"));
    }
    assert.deepEqual(
      (await Promise.all(found)).map(text),
      Array.from({ length: 20 }, (_, index) => String(index * 1000)),
    );
  });
});

test("nothing is written about changes while nobody watches, and little is kept while somebody does", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("key", utf8("x"));
    assert.equal(count(path, "changes"), 0);
    const watch = store.watch();
    // Answered when the watch has begun.
    await store.find("key");
    const [other, seen] = [sqlite({ path }), [] as string[]];
    const watching = (async () => {
      for await (const { key } of watch) if (seen.push(key) === 20_000) return;
    })();
    for (let round = 0; round < 20; round++) {
      const items = Array.from({ length: 1000 }, (_, index) => [`key ${index}`, utf8("x")] as const);
      await other.setMany(items);
    }
    await watching;
    assert.deepEqual(
      seen.slice(0, 1000),
      Array.from({ length: 1000 }, (_, index) => `key ${index}`),
    );
    const start = performance.now();
    while (count(path, "changes") && performance.now() - start < 5000) await sleep(20);
    assert.deepEqual([count(path, "changes"), count(path, "watchers")], [0, 0]);
    await other.close();
  });
});

test("a watcher that died is forgotten, one that lives is asked and answers", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    const watch = store.watch();
    await store.set("first", utf8("x"));
    // As a killed process leaves it.
    tamper(path, "INSERT INTO watchers (id, position) VALUES ('dead', 0)");
    const write = (round: number): Promise<void> =>
      store.setMany(Array.from({ length: 1500 }, (_, index) => [`${round} ${index}`, utf8("x")] as const));
    await write(1);
    await sleep(200);
    assert.ok(count(path, "changes") >= 1500);
    // As if the half minute for an answer were over.
    tamper(path, "UPDATE watchers SET asked_at = asked_at - 31000 WHERE id = 'dead'");
    await write(2);
    await sleep(200);
    assert.equal(count(path, "watchers"), 1);
    await write(3);
    await sleep(200);
    assert.ok(count(path, "changes") < 1500, String(count(path, "changes")));
    const changes: Change[] = [];
    while (changes.length < 4501) changes.push((await watch.next()).value);
    assert.equal(new Set(changes.map(({ key }) => key)).size, 4501);

    // Every sweep asks the others too.
    await store.sweep();
    await using({ path }, async (other) => void (await other.sweep()));
    const asked = "watchers WHERE asked_at IS NOT NULL";
    for (let round = 0; count(path, asked) && round < 100; round++) await sleep(20);
    assert.equal(count(path, asked), 0);
    await watch.return!();
  });
});

test("a watch that the file has forgotten breaks, and the next one works", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    const watch = store.watch();
    await store.set("first", utf8("x"));
    assert.equal((await watch.next()).value.key, "first");
    tamper(path, "DELETE FROM watchers");
    await refused(() => watch.next(), "unavailable", /Watch broke/);
    const next = store.watch();
    await store.set("second", utf8("x"));
    assert.equal((await next.next()).value.key, "second");
  });
});

test("a sweep of many lets others in between", async () => {
  const path = fresh();
  const clock = createClock();
  await using({ path, now: clock.now }, async (store) => {
    await store.setMany(Array.from({ length: 5000 }, (_, index) => [`key ${index}`, utf8("x"), { ttl: 10 }] as const));
    await store.set("kept", utf8("x"));
    clock.advance(10);
    let isSwept = false;
    const sweeping = store.sweep().finally(() => (isSwept = true));
    let found = 0;
    for (; !isSwept; found++) await store.find("kept");
    assert.equal(await sweeping, 5000);
    assert.ok(found > 5, String(found));
  });
  assert.equal(count(path, "entries"), 1);
});

test("two stores that sweep at once share the work", async () => {
  const path = fresh();
  const clock = createClock();
  const stores = [sqlite({ path, now: clock.now }), sqlite({ path, now: clock.now })];
  await stores[0]!.setMany(
    Array.from({ length: 5000 }, (_, index) => [`key ${index}`, utf8("x"), { ttl: 10 }] as const),
  );
  clock.advance(10);
  const [first, second] = await Promise.all(stores.map((store) => store.sweep()));
  assert.equal(first! + second!, 5000);
  await Promise.all(stores.map((store) => store.close()));
});

test("a close in the middle of a sweep lets it finish", async () => {
  const path = fresh();
  const clock = createClock();
  const store = sqlite({ path, now: clock.now });
  await store.setMany(Array.from({ length: 3000 }, (_, index) => [`key ${index}`, utf8("x"), { ttl: 10 }] as const));
  clock.advance(10);
  const [swept] = await Promise.all([store.sweep(), store.close()]);
  assert.equal(swept, 3000);
});

test("a page is read in the order of the index, and not sorted", async () => {
  const path = fresh();
  const asked: string[] = [];
  const { prepare } = DatabaseSync.prototype;
  vi.spyOn(DatabaseSync.prototype, "prepare").mockImplementation(function (this: DatabaseSync, sql: string) {
    asked.push(sql);
    return prepare.call(this, sql);
  });
  await using({ path }, async (store) => {
    await store.setMany(["a", "b", "c"].map((key) => [key, utf8(key)]));
    const { cursor } = await store.list({ limit: 1 });
    await store.list({ limit: 1, cursor });
  });
  vi.restoreAllMocks();
  const pages = asked.filter((sql) => /^SELECT .* FROM entries\s+WHERE key >/s.test(sql));
  assert.equal(pages.length, 2);
  const db = new DatabaseSync(path);
  for (const sql of pages) {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all("", "z", 1);
    assert.deepEqual(
      plan.map(({ detail }) => String(detail).replace(/ .*/, "")),
      ["SEARCH"],
    );
  }
  db.close();
});
