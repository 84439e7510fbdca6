import assert from "node:assert/strict";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe } from "vitest";
import { localforage } from "../../../src/adapters/localforage.ts";
import { handler } from "../../../src/http/handler.ts";
import { isStoreError, json, prefix, type Page, type Store } from "../../../src/index.ts";
import { createClock, type Subject } from "../../../src/testing.ts";
import { readings } from "../../../src/testing/cases/keys.ts";
import { drivers, fresh } from "../../adapters/localforage/forage.ts";
import { utf8 } from "../../support/bytes.ts";
import { fuzz } from "../../support/fuzz.ts";
import { load } from "../../support/proveMedium.ts";
import { serverSubjects } from "../../support/serverSubjects.ts";

// What parts of a store hide, some beginning with another, each with a word that nothing has which follows it.
const hidden = [
  ["alpha/", /alpha/i],
  ["alpha", /alpha/i],
  ["alpha/beta/", /alpha|beta/i],
  ["gamma\u{1f600}", /gamma/i],
  ["", /^\b$/],
] as const;
const rests = ["", "k", "key/", "key/1", "key/2", "\u{1f600}", "\u{1f600}1", "\uffff", "\0", "z"];
const inner = ["", "k", "key/", "\u{1f600}", "none"];
const keys = [...new Set(hidden.flatMap(([hides]) => rests.map((rest) => hides + rest)))].filter((key) => key !== "");

interface Options {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A part of a store, seen in one of the ways that there are. Its listing names keys without what it hides. */
interface Part {
  readonly hides: string;
  readonly word: RegExp;
  /** Whether it is seen over the wire: there what a scope's prefix alone names is nothing of it, since no key can be empty. */
  readonly isScope: boolean;
  list(options: Options): Promise<Page>;
}

/** The listing of a scope, over the wire. */
function scopeOf(store: Store, hides: string): Part["list"] {
  const answer = handler(store, { authorize: () => ({ prefix: hides, can: ["list"] }) });
  return async ({ prefix, limit, cursor }) => {
    const query = new URLSearchParams({ prefix, limit: `${limit}`, ...(cursor !== undefined && { cursor }) });
    const response = await answer(new Request(`http://store.test/entries?${query}`));
    if (response.status === 400) return { entries: [] };
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Page;
  };
}

function partsOf(store: Store): Part[] {
  return hidden.flatMap(([hides, word]) => {
    const plain: Part["list"] = async (options) => {
      const page = await store.list({ ...options, prefix: hides + options.prefix });
      return { ...page, entries: page.entries.map((entry) => ({ ...entry, key: without(hides, entry.key) })) };
    };
    const nested = json(prefix(store, hides.slice(0, 3)), { prefix: hides.slice(3) });
    const lists = [plain, prefix(store, hides).list, nested.list, scopeOf(store, hides)];
    return lists.map((list, index) => ({ hides, word, list, isScope: index === lists.length - 1 }));
  });
}

function without(hides: string, key: string): string {
  assert.ok(key.startsWith(hides), key);
  return key.slice(hides.length);
}

/** A page within the part and the prefix, without a word of what is hidden; an empty one where the cursor is refused. */
async function pageOf({ hides, word, list }: Part, options: Options): Promise<Page> {
  const page = await list(options).catch((error: unknown): Page => {
    if (isStoreError(error, "invalid-argument")) return { entries: [] };
    throw error;
  });
  const what = JSON.stringify({ hides, ...options, page });
  for (const { key } of page.entries) assert.ok(key.startsWith(options.prefix) && keys.includes(hides + key), what);
  assert.equal(new Set(page.entries.map(({ key }) => key)).size, page.entries.length, what);
  assert.ok(page.entries.length <= options.limit, what);
  for (const reading of readings(page.cursor ?? "")) assert.doesNotMatch(reading, word, what);
  return page;
}

interface Medium {
  readonly parts: readonly Part[];
  readonly cursors: readonly string[];
}

/** Fills a store, goes through each part of it, and collects the cursors. */
async function fill(store: Store): Promise<Medium> {
  await store.setMany(keys.map((key) => [key, utf8("1")]));
  const parts = partsOf(store);
  const cursors = new Set<string>();
  for (const part of parts) {
    for (const prefix of inner) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await pageOf(part, { prefix, limit: 3, cursor });
        seen.push(...page.entries.map(({ key }) => part.hides + key));
        cursor = page.cursor;
        if (cursor !== undefined) cursors.add(cursor);
      } while (cursor !== undefined);
      const own = keys.filter((key) => key.startsWith(part.hides + prefix) && !(part.isScope && key === part.hides));
      assert.deepEqual(seen.sort(), own.sort());
    }
  }
  return { parts, cursors: [...cursors] };
}

const { subjects, stop } = await serverSubjects(load);
const { now } = createClock();
const backends: Pick<Subject, "name" | "open">[] = [
  // Views are among the parts of each.
  ...subjects.filter(({ name, can }) => can.includes("list") && !/^(prefix|json|cached)\b/.test(name)),
  ...Object.entries(drivers).map(([name, driver]) => ({
    name: `localforage over ${name}`,
    open: (medium: string) => localforage(fresh(driver, medium), { now }),
  })),
];
afterAll(stop);

describe.each(backends)("$name", ({ open }) => {
  let medium: Medium;
  let store: Store;
  beforeAll(async () => {
    store = await open(`cursors-${Date.now().toString(36)}`, { now });
    medium = await fill(store);
  });
  afterAll(() => store.close());

  fuzz(
    "cursors of every backend against every prefix and scope",
    fc.record({
      part: fc.nat(),
      prefix: fc.constantFrom(...inner),
      limit: fc.integer({ min: 1, max: 4 }),
      from: fc.nat(),
      change: fc.oneof(
        { weight: 4, arbitrary: fc.constant((cursor: string) => cursor) },
        fc.string({ unit: "binary", maxLength: 20 }).map((text) => () => text),
        fc.constantFrom(...keys, "\0", "\u{10ffff}").map((text) => () => text),
        fc.nat(20).map((end) => (cursor: string) => cursor.slice(0, end)),
        fc.constantFrom("", "/", "\uffff", "alpha", "0").map((text) => (cursor: string) => cursor + text),
        fc.constantFrom("alpha/", "0", "-").map((text) => (cursor: string) => text + cursor),
        fc.nat(9).map((digit) => (cursor: string) => cursor.replace(/\d/, `${digit}`)),
      ),
    }),
    async ({ part, prefix, limit, from, change }) => {
      const { parts, cursors } = medium;
      const cursor = change(cursors[from % cursors.length]!);
      await pageOf(parts[part % parts.length]!, { prefix, limit, cursor });
    },
    300,
  );
});
