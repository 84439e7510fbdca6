import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test, vi } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import { createClock } from "../../../src/testing.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";
import { count, fresh, tamper, using } from "../../support/sqliteFiles.ts";

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

test("a cursor is a position within the prefix that is asked for, whatever it is, and shows nothing of that", async () => {
  await using({ path: fresh() }, async (store) => {
    const keys = ["", "1", "2", "3"].flatMap((name) => ["tenant-a/", "tenant-b/"].map((prefix) => prefix + name));
    await store.setMany(keys.map((key) => [key, utf8("x")] as const));
    const cursors: string[] = ["", "tenant-a/1", "tenant-b/1", "\0", "\uffff", "a".repeat(5000)];
    for (const prefix of ["tenant-a/", "tenant-b/"]) {
      const seen: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.list({ prefix, limit: 1, cursor });
        seen.push(...page.entries.map(({ key }) => key));
        if (page.cursor === undefined) break;
        cursor = page.cursor;
        assert.equal(prefix + cursor, seen.at(-1));
        cursors.push(cursor);
      }
      assert.deepEqual(seen, keys.filter((key) => key.startsWith(prefix)).sort());
    }
    for (const prefix of ["tenant-a/", "tenant-b/", "none/"]) {
      for (const cursor of cursors) {
        const { entries } = await store.list({ prefix, cursor });
        for (const { key } of entries) assert.ok(key.startsWith(prefix), `${prefix} ${cursor}: ${key}`);
      }
      await assert.rejects(store.list({ prefix, cursor: "\ud800" }), { code: "invalid-argument" });
    }
  });
});
