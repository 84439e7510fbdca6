import type { Listed, Page } from "../../core/contract.ts";
import type { TaggedPage } from "../../core/link.ts";
import { isKey } from "../../core/key.ts";
import { expectComplete, isCount } from "./complete.ts";
import { readJson } from "./json.ts";
import { deadlineOf } from "./ttl.ts";

/** What a listing says of an entry, with the tag of its value if that was asked for. */
export interface TaggedListed extends Listed {
  readonly tag?: string | undefined;
}

/** A page of a listing as it travels. */
export interface Lines {
  readonly entries: readonly (Pick<TaggedListed, "key" | "size" | "tag"> & { readonly ttl: number | null })[];
  readonly cursor?: string | undefined;
}

/** Returns a page as it travels, without what has expired. */
export function toLines(
  { entries, cursor }: Omit<Page, "entries"> & { readonly entries: readonly TaggedListed[] },
  now: number,
): Lines {
  return {
    entries: entries
      .filter(({ expiresAt }) => expiresAt > now)
      .map(({ key, expiresAt, size, tag }) => ({ key, ttl: expiresAt - now, size, tag })),
    cursor,
  };
}

/** What a page was asked for by. */
export interface PageParameters {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * Reads a page that was asked for at `start`. Throws if it is none of what was asked for, or leads nowhere.
 *
 * @example Reads a page of a listing.
 * ```ts
 * import { readPage } from "shelflife/http/wire";
 *
 *
 * const bytes = new TextEncoder().encode('{"entries":[{"key":"a","ttl":60000}]}');
 * const { entries } = readPage(bytes, 1_000_000, { prefix: "", limit: 10 });
 * console.log(entries); // [ { key: 'a', expiresAt: 1060000 } ]
 * ```
 */
export function readPage(bytes: Uint8Array, start: number, asked: PageParameters): Page {
  const { entries, cursor }: Lines = readJson(bytes);
  expectComplete(entries.length <= asked.limit);
  const page: Page = {
    entries: entries.map(({ key, ttl, size }) => {
      expectComplete(isKey(key) && key.startsWith(asked.prefix) && (size === undefined || isCount(size)));
      const expiresAt = deadlineOf(ttl, start);
      return size === undefined ? { key, expiresAt } : { key, expiresAt, size };
    }),
  };
  if (cursor === undefined) return page;
  expectComplete(typeof cursor === "string" && cursor !== asked.cursor);
  return { ...page, cursor };
}

/** Reads a page with tags that was asked for at `start`. Throws if it is none of what was asked for, or leads nowhere. */
export function readTaggedPage(bytes: Uint8Array, start: number, asked: PageParameters): TaggedPage {
  const page = readPage(bytes, start, asked);
  const { entries }: Lines = readJson(bytes);
  return {
    ...page,
    entries: page.entries.map(({ key, expiresAt }, index) => {
      const { tag } = entries[index]!;
      expectComplete(typeof tag === "string");
      return { key, expiresAt, tag: tag! };
    }),
  };
}
