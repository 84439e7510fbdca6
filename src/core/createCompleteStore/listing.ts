import { checkCall } from "../check.ts";
import type { CompleteBackend, Page, Store, Value } from "../contract.ts";
import { check } from "../error.ts";
import { checkPrefix, isWellFormed } from "../key.ts";
import type { Run } from "./calls.ts";

/** Returns the calls of a store that list live keys. */
export function createListing(
  backend: CompleteBackend<Value>,
  run: Run,
  isLive: (entry: { readonly expiresAt: number }) => boolean,
): Pick<Store, "keys" | "list"> {
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
