import assert from "node:assert/strict";
import { existsSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "vitest";
import type { Store } from "../../../src/core/contract.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";
import { count, fresh, using } from "../../support/sqliteFiles.ts";
import { until } from "../../support/until.ts";

/** Writes until that is refused, and returns the keys that were acknowledged. */
async function writeUntilRefused(store: Store, reason: RegExp): Promise<string[]> {
  const written: string[] = [];
  await until(async () => {
    const key = `after ${written.length}`;
    try {
      await store.set(key, utf8(key));
      written.push(key);
      return false;
    } catch (error) {
      assert.ok(isStoreError(error, "unavailable"));
      assert.match(error.message, reason);
      return true;
    }
  });
  return written;
}

const beside = (path: string): string[] =>
  readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)) && name !== basename(path));

test("a file that is gone is noticed, not made anew, and used again when it is back", async () => {
  const path = fresh();
  const away = fresh();
  await using({ path }, async (store) => {
    await store.set("before", utf8("x"));
    renameSync(path, away);
    const written = await writeUntilRefused(store, /expected the file that it opened, got none/);
    await refused(() => store.find("before"), "unavailable", /got none/);
    await refused(() => store.sweep(), "unavailable", /got none/);
    assert.equal(existsSync(path), false);
    assert.deepEqual(beside(path), []);
    // All that was acknowledged is in the file, wherever it is.
    await using({ path: away }, async (moved) => {
      for (const key of written) assert.equal(text(await moved.get(key)), key);
    });
    renameSync(away, path);
    assert.equal(text(await store.get("before")), "x");
    await store.set("later", utf8("y"));
  });
  await using({ path }, async (store) => assert.equal(text(await store.get("later")), "y"));
});

test("a file that is removed is noticed, also when the store is closed without another call", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("key", utf8("x"));
    rmSync(path);
  });
  assert.deepEqual(beside(path), []);
  assert.equal(existsSync(path), false);
});

/** Makes a file with one key, and nothing beside it. */
async function another(): Promise<string> {
  const path = fresh();
  await using({ path }, (store) => store.set("other", utf8("o")));
  return path;
}

async function holdsTheOther(path: string, store: Store, mine: readonly string[]): Promise<void> {
  assert.equal(text(await store.get("other")), "o");
  assert.deepEqual(
    (await store.findMany(mine)).filter((value) => value),
    [],
  );
  assert.equal(count(path, "pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}

test("a file that is replaced is noticed, and the new one gets nothing of the old one's journal", async () => {
  const path = fresh();
  const other = await another();
  await using({ path }, async (store) => {
    const keys = Array.from({ length: 50 }, (_, index) => `before ${index}`);
    for (const key of keys) await store.set(key, utf8("x".repeat(500)));
    renameSync(other, path);
    keys.push(...(await writeUntilRefused(store, /got another in its place/)));
    await holdsTheOther(path, store, keys);
    await store.set("new", utf8("n"));
  });
  await using({ path }, async (store) => assert.equal(text(await store.get("new")), "n"));
});

test("a file that is replaced while the store is idle gets nothing of the old one's journal when that closes", async () => {
  const path = fresh();
  const other = await another();
  await using({ path }, async (store) => {
    await store.set("mine", utf8("x".repeat(5000)));
    renameSync(other, path);
  });
  await using({ path }, (store) => holdsTheOther(path, store, ["mine"]));
});

test("a journal that is removed is noticed, and nothing of it is lost", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("before", utf8("x"));
    rmSync(`${path}-wal`);
    const written = await writeUntilRefused(store, /expected the journal that it wrote to/);
    assert.equal(text(await store.get("before")), "x");
    for (const key of written) assert.equal(text(await store.get(key)), key);
  });
});

test("a link that leads elsewhere is another file, and the first keeps what it has", async () => {
  const [first, link] = [fresh(), fresh()];
  const other = await another();
  await using({ path: first }, async () => {});
  symlinkSync(first, link);
  await using({ path: link }, async (store) => {
    await store.set("mine", utf8("x"));
    rmSync(link);
    symlinkSync(other, link);
    await writeUntilRefused(store, /got another in its place/);
    await holdsTheOther(link, store, ["mine"]);
  });
  await using({ path: first }, async (store) => assert.equal(text(await store.get("mine")), "x"));
});
