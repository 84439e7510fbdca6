import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { isKey } from "../../../src/core/key.ts";
import type { Action } from "../../../src/http/handler.ts";
import type { Lines } from "../../../src/http/wire.ts";
import { anyBytes, anyText, fuzz } from "../../support/fuzz.ts";
import { countingReads } from "../../support/openReads.ts";
import { bytes, pair, type Pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

const hash = (value: Uint8Array): string => createHash("sha256").update(value).digest("hex");

async function pageOf({ ask }: Pick<Pair, "ask">, query: string): Promise<Lines> {
  const answer = await ask("GET", `entries?${query}`);
  assert.equal(answer.status, 200);
  return (await answer.json()) as Lines;
}

/** Reads all pages. */
async function pagesOf({ ask }: Pick<Pair, "ask">, query: string): Promise<Lines[]> {
  const pages: Lines[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page = await pageOf({ ask }, `${query}${pages.length ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    pages.push(page);
    ({ cursor } = page);
  }
  return pages;
}

test("a listing has the tags of the values if they are asked for, which are those of the values themselves", async () => {
  const { ask, store, clock } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  await store.setMany([
    ["mine/a/1", bytes("x"), { ttl: 1000 }],
    ["mine/a/2", bytes("")],
    ["mine/a/3", bytes("gone"), { ttl: 5 }],
    ["mine/b", bytes("y")],
    ["other", bytes("z")],
  ]);
  clock.advance(5);
  assert.deepEqual(await pageOf({ ask }, "prefix=a%2F&tags=1"), {
    entries: [
      { key: "a/1", ttl: 995, size: 1, tag: hash(bytes("x")) },
      { key: "a/2", ttl: null, size: 0, tag: hash(bytes("")) },
    ],
  });
  const [first, second] = await pagesOf({ ask }, "tags=1&limit=2");
  assert.deepEqual([first!.entries.length, second!.entries.map(({ key }) => key)], [2, ["b"]]);
  const { headers } = await ask("HEAD", "entry?key=b");
  assert.equal(headers.get("etag"), `"${second!.entries[0]!.tag}"`);
  for (const { tag } of (await pageOf({ ask }, "")).entries) assert.equal(tag, undefined);
});

test("tags take the right to read as well as to list, and nothing is read without it", async () => {
  for (const can of [["list"], ["read"], ["write", "watch"], ["list", "read"]] as Action[][]) {
    const { store, reads } = await countingReads({ a: 5 });
    const { ask } = pair({ store, handler: { authorize: () => ({ can }) } });
    if (can.length === 2 && can[0] === "list") assert.equal((await pageOf({ ask }, "tags=1")).entries.length, 1);
    else await problem(ask("GET", "entries?tags=1"), 403, "unauthorized");
    assert.equal(reads.count, can.includes("list") && can.includes("read") ? 1 : 0);
    if (can.includes("list")) assert.equal((await pageOf({ ask }, "")).entries.length, 1);
  }
});

test("tags are asked for by 1, and by nothing else", async () => {
  const { ask } = pair();
  for (const query of ["tags=", "tags=0", "tags=true", "tags=2", "tags", "tags=1&tags=1", "tag=1"])
    await problem(ask("GET", `entries?${query}`), 400, "invalid-argument");
  await problem(ask("DELETE", "entries?prefix=&tags=1"), 400, "invalid-argument");
});

// Of which three fit into what is read at once.
const size = 30_000;
const maxBytes = 100_000;
const keys = Array.from({ length: 40 }, (_, index) => `k${String(index).padStart(2, "0")}`);
const large = Object.fromEntries(keys.map((key) => [key, size]));
const mixed = { ...Object.fromEntries(keys.map((key) => [`a${key}`, 10])), ...large, z: 3 * size, zz: 5 * size };

test("what is read for tags is bounded, and a page ends where it would be too much", async () => {
  for (const sizes of [large, mixed]) {
    const { store, reads } = await countingReads(sizes);
    const { ask } = pair({ store, handler: { maxBytes } });
    const pages = await pagesOf({ ask }, "tags=1");
    const lines = pages.flatMap(({ entries }) => entries);
    const expected = Object.entries(sizes).map(([key, length]) => {
      return { key, ttl: null, size: length, tag: hash(new Uint8Array(length).fill(key.length)) };
    });
    assert.deepEqual(
      lines,
      expected.sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    for (const { entries } of pages) {
      const sum = entries.reduce((total, line) => total + line.size!, 0);
      assert.ok(entries.length === 1 || sum <= maxBytes, String(sum));
    }
    // Each once; one that is larger than what fits by itself.
    assert.equal(reads.count, expected.length);
    assert.ok(reads.mostBytes <= (sizes === large ? maxBytes : 5 * size), JSON.stringify(reads));
  }
});

test("values whose size no listing says, or a wrong one, are read few at a time", async () => {
  for (const said of [undefined, 0]) {
    const { store, reads } = await countingReads(large);
    const list: Store["list"] = async (options) => {
      const { entries, ...page } = await store.list(options);
      const withSize = said === undefined ? {} : { size: said };
      return { ...page, entries: entries.map(({ key, expiresAt }) => ({ key, expiresAt, ...withSize })) };
    };
    const { ask } = pair({ store: { ...store, list }, handler: { maxBytes } });
    const { entries } = await pageOf({ ask }, "tags=1");
    assert.ok(entries.length === 40 && entries.every((line) => line.size === size));
    assert.ok(reads.mostBytes <= maxBytes, JSON.stringify(reads));
  }
});

test("what changes between listing and reading is as it is when it is read", async () => {
  const inner = memory();
  await inner.setMany(["a", "b", "c"].map((key) => [key, bytes("old")] as const));
  let isFirst = true;
  const list: Store["list"] = async (options) => {
    const page = await inner.list(options);
    if (isFirst) await inner.delete("a");
    if (isFirst) await inner.set("b", bytes("newer"), { ttl: 60_000 });
    isFirst = false;
    return page;
  };
  const { ask } = pair({ store: { ...inner, list }, handler: { now: () => Date.now() } });
  const { entries } = await pageOf({ ask }, "tags=1");
  assert.deepEqual(
    entries.map(({ key, size: length, tag }) => [key, length, tag]),
    [["b", 5, hash(bytes("newer"))], ["c", 3, hash(bytes("old"))]], // prettier-ignore
  );
  assert.ok(entries[0]!.ttl! > 0 && entries[0]!.ttl! <= 60_000);
});

fuzz(
  "the pages of a listing with tags have each entry once, whatever its key and value, and however long they are",
  fc.record({
    entries: fc.uniqueArray(fc.tuple(anyText.filter(isKey), anyBytes(60)), { selector: ([key]) => key, maxLength: 12 }),
    limit: fc.integer({ min: 1, max: 6 }),
    most: fc.integer({ min: 1, max: 100 }),
    prefix: fc.constantFrom("", "a", "k", "."),
  }),
  async ({ entries, limit, most, prefix }) => {
    const { ask, store } = pair({ handler: { maxBytes: most, maxItems: 5 } });
    await store.setMany(entries);
    const pages = await pagesOf({ ask }, `tags=1&limit=${limit}&prefix=${prefix}`);
    const lines = pages.flatMap((page) => page.entries).map(({ key, tag, size: length }) => [key, tag, length]);
    const expected = entries
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key, hash(value), value.length]);
    assert.deepEqual(new Map(lines.map((line) => [line[0], line])), new Map(expected.map((line) => [line[0], line])));
    assert.equal(lines.length, expected.length);
    await store.close();
  },
  300,
);
