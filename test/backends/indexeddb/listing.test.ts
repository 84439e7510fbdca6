// Cursors of listings: a position within the prefix, and nothing else.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "vitest";
import { utf8 } from "../../support/bytes.ts";
import { openIndexedDB } from "../../support/indexeddb.ts";

// In the order of UTF-16 units.
const keys = ["", "/1", "/2", "/3", "b/1", "\uffff", "\uffffz"].map((rest) => `a${rest}`);

test("a cursor shows nothing of the prefix and goes on where its page ended", async () => {
  const { store } = openIndexedDB();
  await store.setMany([...keys, "0", "b", "a/secret"].map((key) => [key, utf8("1")]));
  for (const prefix of ["", "a", "a/", "a\uffff"]) {
    const expected = [...keys, "0", "b", "a/secret"].filter((key) => key.startsWith(prefix)).sort();
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list({ prefix, limit: 1, cursor });
      found.push(...page.entries.map(({ key }) => key));
      cursor = page.cursor;
      // The last key equals the prefix: nothing is left to show.
      if (cursor !== undefined) assert.equal(prefix + cursor, found.at(-1));
    } while (cursor !== undefined);
    assert.deepEqual(found, expected);
  }
});

test("whatever comes in as a cursor gives keys of the prefix alone", async () => {
  const { store } = openIndexedDB();
  const all = [...keys, "0", "b", "z"];
  await store.setMany(all.map((key) => [key, utf8("1")]));
  const strange = ["", "z", "a/2", "b/", "\0", "\uffff", "\uffff\uffff\uffff", "-1.a/", "..", "a".repeat(5000)];
  for (const prefix of ["", "a", "a/", "b", "a\uffff", "nobody"]) {
    for (const cursor of strange) {
      const { entries } = await store.list({ prefix, cursor });
      const expected = all.filter((key) => key.startsWith(prefix) && key > prefix + cursor).sort();
      assert.deepEqual(
        entries.map(({ key }) => key),
        expected,
      );
    }
  }
});

test("keys beyond one request are listed each once, within the prefix", async () => {
  const { store } = openIndexedDB();
  const many = Array.from({ length: 10_002 }, (_, index) => `p${index}`);
  await store.setMany(["o", ...many, "q"].map((key) => [key, utf8("1")]));
  const found: string[] = [];
  for await (const key of store.keys({ prefix: "p" })) found.push(key);
  assert.deepEqual(found, many.sort());
});
