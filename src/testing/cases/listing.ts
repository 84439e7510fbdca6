import type { Store } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import type { Case, Context } from "../case.ts";
import { equal, rejects, rejectsWith } from "../expect.ts";
import { keysOf, numbered, oddKeys, readings, seePages } from "./keys.ts";

const needs = ["list"] as const;

async function fill(store: Store<any>, { value }: Context, keys: readonly string[]): Promise<void> {
  await store.setMany(keys.map((key) => [key, value("x")] as const));
}

/** The keys from a cursor to the end of a prefix; none where the cursor is refused. */
async function goOn(store: Store<any>, prefix: string, from: string): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined = from;
  try {
    do {
      const page = await store.list({ prefix, limit: 2, cursor });
      for (const { key } of page.entries) seen.push(key);
      cursor = page.cursor;
    } while (cursor !== undefined);
  } catch (error) {
    if (!isStoreError(error, "invalid-argument")) throw error;
  }
  return seen;
}

/** What listings, prefixes and clear promise. */
export const listing: readonly Case[] = [
  {
    name: "a listing has each live key once, with deadline and size",
    needs,
    async run({ open, value, clock, subject }) {
      const store = await open();
      equal(await store.list(), { entries: [] }, "a listing of nothing");
      await store.set("plain", value("four"));
      await store.set("short", value("x"), { ttl: 100 });
      await store.set("gone", value("x"), { ttl: 10 });
      clock.advance(10);
      const { entries, cursor } = await store.list();
      const deadlines = entries.map(({ key, expiresAt }) => ({ key, expiresAt })).sort((a, b) => (a.key < b.key ? -1 : 1)); // prettier-ignore
      equal(deadlines, [{ key: "plain", expiresAt: Infinity }, { key: "short", expiresAt: clock.now() + 90 }], "entries"); // prettier-ignore
      equal(cursor, undefined, "the cursor");
      const size = entries.find(({ key }) => key === "plain")?.size;
      if (subject.can.includes("bytes")) equal(size ?? 4, 4, "the size, if it is known");
    },
  },
  {
    name: "pages hold what was asked for, and lead to each other",
    needs,
    async run(context) {
      const store = await context.open();
      await fill(store, context, numbered(50));
      let pages = 0;
      const seen = await seePages(store, 7, ({ entries }) => {
        equal(entries.length <= 7 && entries.length > 0, true, "entries of a page within the limit");
        pages++;
      });
      equal(seen.sort(), numbered(50), "the keys of all pages");
      equal(pages >= 8, true, "as many pages as it takes");
      equal((await store.list({ limit: 50 })).entries.length, 50, "a page of just that many");
    },
  },
  {
    name: "expired entries take no room in a page",
    needs,
    async run({ open, value, clock }) {
      const store = await open();
      for (const key of numbered(40)) await store.set(key, value("x"), Number(key.slice(-1)) ? { ttl: 5 } : {});
      clock.advance(5);
      equal((await store.list({ limit: 4 })).entries.length, 4, "entries");
      equal((await keysOf(store)).length, 4, "keys");
    },
  },
  {
    name: "a cursor is good after its key is gone",
    needs,
    async run(context) {
      const store = await context.open();
      await fill(store, context, numbered(20));
      const first = await store.list({ limit: 5 });
      const seen = first.entries.map(({ key }) => key);
      await store.deleteMany(seen);
      const second = await store.list({ limit: 100, cursor: first.cursor });
      equal([...seen, ...second.entries.map(({ key }) => key)].sort(), numbered(20), "the keys");
    },
  },
  {
    name: "a key that is there throughout is seen exactly once, whatever happens to others",
    needs,
    async run(context) {
      const store = await context.open();
      const lasting = numbered(60, "m");
      const passing = [...numbered(60, "a"), ...numbered(60, "z")];
      await fill(store, context, [...lasting, ...numbered(60, "a")]);
      const seen = await seePages(store, 9, async (_, count) => {
        await store.deleteMany(passing.splice(0, 10));
        await fill(store, context, [`b ${count}`, `mm ${count}`, `zz ${count}`, lasting[count % 60]!]);
      });
      equal(seen.filter((key) => key.startsWith("m 0")).sort(), lasting, "the lasting keys");
      equal(new Set(seen).size, seen.length, "keys seen, once each");
    },
  },
  {
    name: "a prefix selects just the keys that begin with it",
    needs,
    async run(context) {
      const store = await context.open();
      const keys = ["a", "a/", "a/b", "a/c", "a0", "ab", "b", "\u{1f600}", "\u{1f600}a", "\ud7ff", "\ue000", "\uffff", "\uffffa", "%", "_", "*", "a%", "a_", "a*"]; // prettier-ignore
      await fill(store, context, keys);
      const prefixes = ["", "a", "a/", "a/b", "a/bb", "\u{1f600}", "\uffff", "\ud7ff", "%", "_", "*", "a%", "a_", "a*", "none"]; // prettier-ignore
      for (const prefix of prefixes) {
        const expected = keys.filter((key) => key.startsWith(prefix)).sort();
        equal(await keysOf(store, prefix), expected, `keys with prefix ${JSON.stringify(prefix)}`);
        const { entries } = await store.list({ prefix, limit: 100 });
        equal(entries.map(({ key }) => key).sort(), expected, `list with prefix ${JSON.stringify(prefix)}`);
      }
    },
  },
  {
    name: "odd keys are listed as they are",
    needs,
    async run(context) {
      const store = await context.open();
      await fill(store, context, oddKeys);
      equal(await keysOf(store), [...new Set(oddKeys)].sort(), "keys");
      const seen = await seePages(store, 1);
      equal(seen.sort(), [...new Set(oddKeys)].sort(), "keys by pages of one");
    },
  },
  {
    name: "more keys than a page holds are iterated over, each once",
    needs,
    async run(context) {
      const store = await context.open();
      await fill(store, context, numbered(2500));
      equal(await keysOf(store), numbered(2500), "keys");
      let count = 0;
      for await (const _ of store.keys()) if (++count === 3) break;
      equal(count, 3, "keys until the caller stops");
    },
  },
  {
    name: "clear removes all, or what begins with a prefix",
    needs,
    async run(context) {
      const store = await context.open();
      await fill(store, context, ["a", "a/b", "a/c", "a0", "b"]);
      await store.clear({ prefix: "a/" });
      equal(await keysOf(store), ["a", "a0", "b"], "keys after clearing a prefix");
      await store.clear({ prefix: "none" });
      equal(await keysOf(store), ["a", "a0", "b"], "keys after clearing nothing");
      await store.clear();
      equal(await keysOf(store), [], "keys after clearing all");
      await store.set("a", context.value("again"));
      equal(context.text(await store.find("a")), "again", "a value written afterwards");
    },
  },
  {
    name: "a cursor of another prefix gives a page within the prefix, or is refused",
    needs,
    async run(context) {
      const store = await context.open();
      const prefixes = ["", "a/", "ab/", "b/", "\u{1f600}"];
      const keys = prefixes.flatMap((prefix) => numbered(3, prefix));
      await fill(store, context, keys);
      const strange = ["", "0", "1-0", "a/", "b/ 0001", "\0", "\uffff", "%", "\ud800", "x".repeat(5000)];
      // Those of listings that were made just now: a medium may remember the last few.
      const others = prefixes.map((prefix) => async () => (await store.list({ prefix, limit: 2 })).cursor!);
      for (const prefix of prefixes) {
        for (const given of [...others, ...strange]) {
          const cursor = typeof given === "string" ? given : await given();
          const seen = await goOn(store, prefix, cursor);
          const beyond = seen.filter((key) => !key.startsWith(prefix));
          equal(beyond, [], `keys beyond prefix ${JSON.stringify(prefix)} by cursor ${JSON.stringify(cursor)}`);
          equal(new Set(seen).size, seen.length, `keys of prefix ${JSON.stringify(prefix)}, once each`);
        }
      }
    },
  },
  {
    // A view asks the store for its prefix, and gives the caller the cursor as it is.
    name: "a view's cursor shows nothing of what the view hides",
    needs,
    async run(context) {
      const store = await context.open();
      const [hidden, other] = ["hidden-tenant/", "other-tenant/"];
      await fill(
        store,
        context,
        [hidden, other].flatMap((prefix) => [prefix, ...numbered(3, prefix)]),
      );
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ prefix: hidden, limit: 1, cursor });
        for (const { key } of page.entries) seen.push(key);
        cursor = page.cursor;
        const found = readings(cursor ?? "").filter((reading) => /hidden|tenant|other/i.test(reading));
        equal(found, [], "what a cursor shows");
      } while (cursor !== undefined);
      equal(seen.sort(), [hidden, ...numbered(3, hidden)], "the keys of all pages, that of the prefix among them");
    },
  },
  {
    name: "what is no limit, cursor or prefix is an invalid argument",
    needs,
    async run({ open, value }) {
      const store = await open();
      await store.set("a", value("x"));
      for (const limit of [0, -1, 1.5, Number.NaN, Infinity, "5", null] as number[]) {
        await rejects(() => store.list({ limit }), "invalid-argument", `limit ${String(limit)}`);
      }
      await rejects(() => store.list({ cursor: 5 as never }), "invalid-argument", "a number as cursor");
      for (const prefix of [5, null, "\ud800", {}] as string[]) {
        await rejects(() => store.list({ prefix }), "invalid-argument", `list with prefix ${JSON.stringify(prefix)}`);
        await rejects(() => store.clear({ prefix }), "invalid-argument", `clear with prefix ${JSON.stringify(prefix)}`);
        await rejects(() => keysOf(store, prefix), "invalid-argument", `keys with prefix ${JSON.stringify(prefix)}`);
      }
      equal(await keysOf(store), ["a"], "keys");
    },
  },
  {
    name: "an aborted iteration rejects with the signal's reason",
    needs,
    async run(context) {
      const store = await context.open();
      await fill(store, context, numbered(10));
      const controller = new AbortController();
      const reason = new Error("enough");
      let count = 0;
      const iterate = async (): Promise<void> => {
        for await (const _ of store.keys({ signal: controller.signal })) if (++count === 4) controller.abort(reason);
      };
      await rejectsWith(iterate, reason, "keys");
      equal(count, 4, "keys until then");
    },
  },
];
