import type { Call } from "../../core/contract.ts";
import { check } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { withCode } from "./failure.ts";
import type { DenoKvLike, KvEntry } from "./kv.ts";
import type { Found, Places, Reader } from "./records.ts";

// How many heads are read at once.
const batchSize = 100;

/** Reads a page of heads. */
export type ListHeads = (
  page: { readonly prefix: string; readonly limit: number; readonly cursor?: string | undefined },
  call: Call,
) => Promise<{ found: Found[]; cursor?: string }>;

export function createListing(kv: DenoKvLike, places: Places, reader: Reader): ListHeads {
  return async ({ prefix, limit, cursor }, { signal }) => {
    const from = prefix + (cursor ?? "");
    check(cursor === undefined || from === "" || isKey(from), "cursor", "the cursor of a page", cursor);
    // No key begins with a longer one.
    if (from !== "" && !isKey(from)) return { found: [] };
    const selector = places.heads(from, cursor !== undefined);
    const found = await withCode(undefined, async () => {
      const read: Found[] = [];
      const options = { batchSize: Math.min(limit + 1, batchSize) };
      for await (const entry of kv.list(selector, options) as AsyncIterable<KvEntry>) {
        if (signal?.aborted) break;
        const each = reader.found(entry);
        // They are in the order of their UTF-8 bytes.
        if (!each.key.startsWith(prefix) || read.push(each) > limit) break;
      }
      return read;
    });
    signal?.throwIfAborted();
    if (found.length <= limit) return { found };
    // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
    return { found: found.slice(0, limit), cursor: found[limit - 1]!.key.slice(prefix.length) };
  };
}
