import type { Bytes } from "../bytes.ts";
import { checkCall } from "../check.ts";
import type { Awaitable, Call, CompleteBackend, Page, PrefixOptions, Store, Value } from "../contract.ts";
import { check } from "../error.ts";
import { checkPrefix, isWellFormed } from "../key.ts";
import type { Run } from "./calls.ts";

// How many entries are read at first, and about how many bytes of values at once after that.
const firstLimit = 64;
const pageBytes = 1_048_576;
// How many entries are read at once.
const maxLimit = 1000;

/** Returns the calls of a store that list live keys and entries. */
export function createListing(
  backend: CompleteBackend<Value>,
  run: Run,
  isLive: (entry: { readonly expiresAt: number }) => boolean,
  give: (value: Value) => Bytes,
): Pick<Store, "keys" | "entries" | "list"> {
  type ListEntries = NonNullable<CompleteBackend<Value>["listEntries"]>;

  /**
   * Yields what `pick` makes of each live entry. They are read in pages: the first of so many entries, each that follows of as
   * many as `next` wants after the one before.
   */
  async function* each<E extends { readonly expiresAt: number }, R>(
    options: PrefixOptions | undefined,
    list: (
      wanted: Parameters<ListEntries>[0],
      call: Call,
    ) => Awaitable<{ readonly entries: readonly E[]; readonly cursor?: string | undefined }>,
    pick: (entry: E) => R,
    limit: number,
    next: (entries: readonly E[]) => number,
  ): AsyncGenerator<R> {
    const { prefix, signal } = checkCall(options);
    let cursor: string | undefined;
    do {
      const wanted = { prefix: checkPrefix(prefix), limit, cursor };
      const page = await run(options, (call) => list(wanted, call));
      for (const entry of page.entries) {
        // The page was read a while ago, and the caller may take its time.
        signal?.throwIfAborted();
        if (isLive(entry)) yield pick(entry);
      }
      limit = next(page.entries);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Stands in for a command of the medium. In between an entry may go, or get another value with another deadline. */
  const listAndRead: ListEntries = async (wanted, call) => {
    const { entries, cursor } = await backend.list(wanted, call);
    const found = await backend.getMany(
      entries.map(({ key }) => key),
      call,
    );
    return { entries: entries.flatMap(({ key }, index) => (found[index] ? [{ ...found[index], key }] : [])), cursor };
  };

  return {
    keys: (options) =>
      each(
        options,
        backend.listKeys ?? backend.list,
        ({ key }) => key,
        maxLimit,
        () => maxLimit,
      ),
    entries: (options) =>
      each(
        options,
        backend.listEntries ?? listAndRead,
        ({ key, value, expiresAt }) => ({ key, value: give(value), expiresAt }),
        firstLimit,
        // As many as make a page by what they have been like so far.
        (entries) => {
          const bytes = entries.reduce((sum, { value }) => sum + value.length, 0);
          return Math.min(maxLimit, Math.ceil((pageBytes * (entries.length || 1)) / (bytes || 1)));
        },
      ),
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
