import type { CallOptions } from "../../core/contract.ts";
import type { Peer } from "../peer/peer.ts";
import { compare, has, type Range } from "./range.ts";
import { list, pageSize, read, type Place } from "./records.ts";

type Item = [key: Uint8Array, value: Uint8Array | undefined];

/** What Level asks an iterator for. */
export interface IteratorOptions extends Range, CallOptions {
  readonly reverse: boolean;
  /** How many entries it gives at most, less than 0 for all. */
  readonly limit: number;
  /** Whether values are asked for. */
  readonly values: boolean;
}

/**
 * Reads the entries of a range in turn: the keys at its first call, in their order, and the values in pages, as they are asked
 * for. What has gone since is passed over.
 */
export function cursorOf(peer: Peer, options: IteratorOptions) {
  const { reverse, limit, values, signal } = options;
  let places: Promise<Place[]> | undefined;
  let target: Uint8Array | undefined;
  let index = 0;
  let ahead: Item[] = [];

  /** Reads a page, none of it at the end. */
  async function page(): Promise<Item[]> {
    const all = await (places ??= list(peer, options));
    if (target) {
      const sought = target;
      target = undefined;
      index = has(options, sought)
        ? all.filter(({ key }) => (reverse ? compare(key, sought) > 0 : compare(key, sought) < 0)).length
        : all.length;
    }
    // No more than are asked for: what has been read ahead may have changed by then.
    const some = all.slice(index, (index += limit < 0 ? pageSize : Math.min(limit, pageSize)));
    if (!values) return some.map(({ key }) => [key, undefined]);
    const ids = some.map(({ id }) => id);
    const found = (await read(peer, ids, { signal })).flatMap((value, at): Item[] =>
      value ? [[some[at]!.key, value]] : [],
    );
    return found.length || !some.length ? found : page();
  }

  return {
    async next(): Promise<Item | undefined> {
      if (!ahead.length) ahead = await page();
      return ahead.shift();
    },
    /** Goes on at a key, or behind it where there is none. One outside of the range is its end. */
    seek(key: Uint8Array): void {
      ahead = [];
      target = key;
    },
  };
}
