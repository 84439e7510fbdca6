import type { Call, Listed, Page } from "../../core/contract.ts";
import { longestPage, pagesOf, type Bucket, type Found, type Line } from "./bucket.ts";
import type { Names } from "./names.ts";
import type { Meta } from "./object.ts";
import { isGone } from "./values.ts";

// Of how many objects it is remembered what they hold, so that listing them again asks for nothing.
const remembered = 20_000;

/** The values of a bucket by what their keys begin with. */
export interface Listing {
  list(options: { prefix: string; limit: number; cursor?: string | undefined }, call: Call): Promise<Page>;
  clear(prefix: string, call: Call): Promise<void>;
}

/** Returns the listing of a bucket. */
export function createListing(bucket: Bucket, names: Names): Listing {
  const known = new Map<string, Meta>();

  /** Reads what a listed object holds, unless it has been read before; nothing if it is gone. */
  async function lookUp({ name, etag }: Line, call: Call): Promise<Pick<Found, "meta"> | undefined> {
    // A tag stands for value and deadline, but not for the key.
    const id = (tag: string): string => (names.keyOf(name) === undefined ? name + tag : tag);
    const meta = known.get(id(etag));
    if (meta) return { meta };
    const found = await bucket.look(name, call);
    if (found?.meta) known.set(id(found.etag), found.meta);
    if (known.size > remembered) known.delete(known.keys().next().value!);
    return found;
  }

  /** The line of a listing for an object; nothing if it holds no value of the prefix. */
  async function show(line: Line, prefix: string, call: Call): Promise<Listed | undefined> {
    const found = await lookUp(line, call);
    const key = names.keyOf(line.name) ?? found?.meta?.key;
    if (!found || key === undefined || !key.startsWith(prefix)) return undefined;
    // What others have put there is listed too: reading it says what is wrong, and removing it helps.
    const { expiresAt = Infinity, size } = found.meta ?? {};
    return isGone(found.meta) ? undefined : { key, expiresAt, size };
  }

  /** Whether an object holds a value of the prefix. Where the name says so, nothing is asked for. */
  async function isMeant(line: Line, prefix: string, call: Call): Promise<boolean> {
    return prefix === "" || names.keyOf(line.name)?.startsWith(prefix) || !!(await show(line, prefix, call));
  }

  return {
    async list({ prefix, limit, cursor }, call) {
      // A cursor is what follows the prefix in the last key. Its name begins as those of all keys with the prefix do, so that
      // any text is a position among them.
      let after = cursor === undefined ? "" : await names.ofKey(prefix + cursor);
      for (;;) {
        call.signal?.throwIfAborted();
        const { lines, isLast } = await bucket.page(names.ofPrefix(prefix), after, Math.min(limit, longestPage), call);
        const entries = (await Promise.all(lines.map((line) => show(line, prefix, call)))).filter((entry) => !!entry);
        if (isLast) return { entries };
        const last = entries.at(-1);
        if (last) return { entries, cursor: last.key.slice(prefix.length) };
        after = lines.at(-1)!.name;
      }
    },
    async clear(prefix, call) {
      for await (const lines of pagesOf(bucket, names.ofPrefix(prefix), call)) {
        await Promise.all(
          lines.map(async (line) => {
            if (await isMeant(line, prefix, call)) await bucket.drop(line.name, call);
          }),
        );
      }
    },
  };
}
