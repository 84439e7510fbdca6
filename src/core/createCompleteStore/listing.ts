import { checkCall } from "../check.ts";
import type { CompleteBackend, Page, Store, Value } from "../contract.ts";
import { check } from "../error.ts";
import { checkPrefix, isWellFormed } from "../key.ts";
import type { Run } from "./calls.ts";

// How many entries are read at first, and about how many bytes of values at once after that.
const firstLimit = 64;
const pageBytes = 1_048_576;

/** Returns the calls of a store that list live keys and entries. */
export function createListing(
  backend: CompleteBackend<Value>,
  run: Run,
  isLive: (entry: { readonly expiresAt: number }) => boolean,
  give: (value: Value) => Uint8Array,
): Pick<Store, "keys" | "entries" | "list"> {
  // Without a command of its own: in between an entry may go, or get another value with another deadline.
  const listEntries: NonNullable<CompleteBackend<Value>["listEntries"]> =
    backend.listEntries ??
    (async (options, call) => {
      const { entries, cursor } = await backend.list(options, call);
      const keys = entries.filter(isLive).map(({ key }) => key);
      const found = await backend.getMany(keys, call);
      return { entries: keys.map((key, index) => [key, found[index]]), cursor };
    });

  return {
    async *keys(options) {
      const { prefix, signal } = checkCall(options);
      const list = backend.listKeys ?? backend.list;
      let cursor: string | undefined;
      do {
        const page = await run(options, (call) => list({ prefix: checkPrefix(prefix), limit: 1000, cursor }, call));
        for (const entry of page.entries) {
          // The page was read a while ago, and the caller may take its time.
          signal?.throwIfAborted();
          if (isLive(entry)) yield entry.key;
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
    async *entries(options) {
      const { prefix, signal } = checkCall(options);
      let cursor: string | undefined;
      let limit = firstLimit;
      do {
        const wanted = { prefix: checkPrefix(prefix), limit, cursor };
        const page = await run(options, (call) => listEntries(wanted, call));
        let bytes = 1;
        for (const [key, entry] of page.entries) {
          signal?.throwIfAborted();
          if (!entry || !isLive(entry)) continue;
          const value = give(entry.value);
          bytes += value.length;
          yield { key, value, expiresAt: entry.expiresAt };
        }
        cursor = page.cursor;
        limit = Math.max(1, Math.min(1000, Math.floor((pageBytes * limit) / bytes)));
      } while (cursor !== undefined);
    },
    list: (options) =>
      run(options, async (call) => {
        const { limit = 1000 } = options ?? {};
        let cursor = options?.cursor;
        const prefix = checkPrefix(options?.prefix);
        check(Number.isSafeInteger(limit) && limit > 0, "limit", "a positive integer", limit);
        check(cursor === undefined || isWellFormed(cursor), "cursor", "the cursor of a page", cursor);
        const page: Page = { entries: [] };
        do {
          const found = await backend.list({ prefix, limit: limit - page.entries.length, cursor }, call);
          // By a cursor of another prefix, a backend may show what is none of the caller's business.
          for (const entry of found.entries)
            if (isLive(entry) && entry.key.startsWith(prefix)) page.entries.push(entry);
          cursor = found.cursor;
          // Expired entries made the page short.
        } while (cursor !== undefined && page.entries.length < limit);
        return cursor === undefined ? page : { ...page, cursor };
      }),
  };
}
