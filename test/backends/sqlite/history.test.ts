import assert from "node:assert/strict";
import { copyFileSync, renameSync } from "node:fs";
import { test } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { utf8 } from "../../support/bytes.ts";
import { endOf, read, since, sinceInPages } from "../../support/logPages.ts";
import { refused } from "../../support/refused.ts";
import { count, fresh, tamper, using } from "../../support/sqliteFiles.ts";

const one = utf8("x");

test("without the option nothing is kept; with it all that happens is, also by processes without it and across restarts", async () => {
  const path = fresh();
  const clock = createClock();
  const { now } = clock;
  await using({ path }, async (store) => {
    await store.set("before", one);
    assert.equal(await read(store), undefined);
  });
  assert.equal(count(path, "changes"), 0);
  let begin = "";
  await using({ path, now, history: true }, async (store) => {
    begin = await endOf(store);
    assert.deepEqual(await since(store, begin), []);
    await store.set("a", one);
    await store.setMany(Array.from({ length: 20 }, (_, index) => [`many ${index}`, one] as const));
    await store.deleteMany(["many 0", "many 1", "none"]);
    await store.set("late", one, { ttl: 10 });
    await store.increment("n");
    await store.take("n");
  });
  // As another process has it, which knows nothing of the option.
  await using({ path, now }, async (store) => {
    clock.advance(10);
    await store.sweep();
    await store.transact(["a", "b"], () => [undefined, { value: one }]);
    await store.clear({ prefix: "many 1" });
    const expected = [
      "set a",
      ...Array.from({ length: 20 }, (_, index) => `set many ${index}`),
      "delete many 0",
      "delete many 1",
      "set late",
      "set n",
      "delete n",
      "expire late",
      "delete a",
      "set b",
      ...Array.from({ length: 10 }, (_, index) => `delete many 1${index}`),
    ];
    assert.deepEqual(await since(store, begin), expected);
    // Page by page, and of a part.
    const some = await sinceInPages(store, begin, "many", 7);
    assert.deepEqual(
      some.changes,
      expected.filter((change) => change.includes("many")),
    );
    assert.equal(some.position, await endOf(store));
  });
});

test("a position is known as long as that very change is there: not in a copy of before, nor when it is trimmed", async () => {
  const [path, copy] = [fresh(), fresh()];
  const options = { path, history: { maxChanges: 1000 } };
  let kept = "";
  let lost = "";
  await using(options, async (store) => {
    await store.set("a", one);
    kept = await endOf(store);
  });
  copyFileSync(path, copy);
  await using(options, async (store) => {
    await store.set("b", one);
    lost = await endOf(store);
    assert.deepEqual(await since(store, kept), ["set b"]);
  });
  // Restored, and written to: the numbers are the same.
  copyFileSync(copy, path);
  await using(options, async (store) => {
    assert.equal(await since(store, lost), undefined);
    await store.set("c", one);
    assert.equal((await endOf(store)).split("-")[0], lost.split("-")[0]);
    assert.equal(await since(store, lost), undefined);
    assert.deepEqual(await since(store, kept), ["set c"]);
    for (const other of ["", "1", "0-0", "x-y", `${Number(kept.split("-")[0]) + 5}-1`])
      assert.equal(await since(store, other), undefined, other);
    for (let round = 0; round < 4; round++)
      await store.setMany(Array.from({ length: 900 }, (_, index) => [`${index}`, one] as const));
    assert.equal(await since(store, kept), undefined);
    assert.ok(count(path, "changes") <= 1000 + 900, `${count(path, "changes")}`);
    assert.ok(count(path, "changes") >= 1000);
  });
});

test("in a copy that is put in the place of a file nothing is known of before, since others may have gone on from there", async () => {
  const [path, copy] = [fresh(), fresh()];
  let end = "";
  await using({ path, history: true }, async (store) => {
    await store.set("a", one);
    end = await endOf(store);
  });
  copyFileSync(path, copy);
  await using({ path, history: true }, async (store) => {
    assert.deepEqual(await since(store, end), []);
    await store.set("b", one);
  });
  renameSync(copy, path);
  await using({ path }, (store) => store.set("c", one));
  await using({ path, history: true }, async (store) => {
    assert.equal(await since(store, end), undefined);
    const begin = await endOf(store);
    await store.set("d", one);
    assert.deepEqual(await since(store, begin), ["set d"]);
  });
});

test("what is older than it may be is forgotten, but for the last, when something is written or swept", async () => {
  const path = fresh();
  const clock = createClock();
  await using({ path, now: clock.now, history: { maxAge: 3_600_000 } }, async (store) => {
    await store.set("old", one);
    const old = await endOf(store);
    for (let minute = 0; minute < 120; minute += 2) {
      clock.advance(120_000);
      await store.set(`${minute}`, one);
    }
    assert.equal(await since(store, old), undefined);
    const left = count(path, "changes");
    assert.ok(left >= 30 && left <= 34, `${left}`);
    assert.ok(count(path, "moments") <= 64);
    const end = await endOf(store);
    clock.advance(7_200_000);
    await store.sweep();
    assert.equal(count(path, "changes"), 1);
    // Where nothing has changed nobody has missed anything.
    assert.deepEqual(await since(store, end), []);
    // A clock that is set back forgets nothing, and goes on.
    clock.advance(-86_400_000);
    await store.set("back", one);
    assert.deepEqual(await since(store, end), ["set back"]);
  });
});

test("the option is the file's: the last one counts, `false` ends it, and what it asks for later begins anew", async () => {
  const path = fresh();
  let before = "";
  await using({ path, history: { maxChanges: 5 } }, async (store) => {
    await store.set("a", one);
    before = await endOf(store);
  });
  await using({ path, history: { maxChanges: 7, maxAge: Infinity } }, async (store) => {
    assert.deepEqual(await since(store, before), []);
    assert.equal(count(path, "history WHERE max_changes = 7 AND max_age IS NULL"), 1);
    // Another one ends it.
    await using({ path, history: false }, async (other) => {
      await other.set("unseen", one);
      assert.equal(await read(other), undefined);
      assert.equal(count(path, "changes"), 0);
    });
    // Who wants it has it again, and knows that something is missing.
    assert.equal(await since(store, before), undefined);
    const begin = await endOf(store);
    await store.set("b", one);
    assert.deepEqual(await since(store, begin), ["set b"]);
  });
  for (const history of [1, { maxAge: 0 }, { maxChanges: 1.5 }, { rows: 5 }, []]) {
    const open = (): unknown => sqlite({ path, history: history as never });
    await refused(open, "bad-config", /option "history" must be true, false, or an object with maxAge .*, got /);
  }
});

test("a file of before there was a history has one, and watchers of it miss nothing", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("a", one);
    tamper(path, "DROP TABLE changes");
    tamper(path, "CREATE TABLE changes (number INTEGER NOT NULL PRIMARY KEY, type INTEGER NOT NULL, key TEXT NOT NULL) STRICT"); // prettier-ignore
    const watch = store.watch();
    await store.find("a");
    await store.set("b", one);
    await using({ path, history: true }, async (other) => {
      const begin = await endOf(other);
      await store.set("c", one);
      assert.deepEqual(await since(other, begin), ["set c"]);
      assert.deepEqual([(await watch.next()).value.key, (await watch.next()).value.key], ["b", "c"]);
    });
    // A process of that version takes what gives no sign of life for dead; it begins anew.
    tamper(path, "DELETE FROM watchers");
    await using({ path, history: true }, async (other) => {
      const begin = await endOf(other);
      await store.set("d", one);
      assert.deepEqual(await since(other, begin), ["set d"]);
    });
    await watch.return!();
  });
});

test("a full file forgets its history before it refuses anything, and can always be emptied", async () => {
  const path = fresh();
  await using({ path, maxBytes: 1 << 18, history: true }, async (store) => {
    const keys = Array.from({ length: 400 }, (_, index) => `key ${index} ${"long ".repeat(20)}`);
    await store.setMany(keys.map((key) => [key, one] as const));
    const begin = await endOf(store);
    // Each change is as long as the value that it is of.
    for (let round = 0; round < 40; round++) await store.setMany(keys.slice(0, 300).map((key) => [key, one] as const));
    assert.equal(await since(store, begin), undefined);
    assert.equal(await store.deleteMany(keys), keys.length);
  });
});
