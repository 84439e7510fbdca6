import { decodeText, encodeText } from "../core/utf8.ts";
import type { Merge } from "./settle.ts";

/**
 * Returns a merge of values that are JSON. `undefined` stands for no value, and what is no JSON is nobody's to merge:
 * theirs stays.
 *
 * @example Keeps what both sides have added to a list.
 * ```ts
 * import { mergeJson } from "shelflife/offline";
 *
 * const bytes = (list: string[]) => new TextEncoder().encode(JSON.stringify(list));
 * const merge = mergeJson<string[]>((_, mine = [], theirs = []) => [...new Set([...theirs, ...mine])]);
 * const merged = merge({ key: "list", base: bytes([]), mine: bytes(["milk"]), theirs: bytes(["tea"]) });
 * console.log(new TextDecoder().decode(merged)); // ["tea","milk"]
 * ```
 */
export function mergeJson<T>(
  merge: (base: T | undefined, mine: T | undefined, theirs: T | undefined) => T | undefined,
): Merge {
  const read = (bytes: Uint8Array | undefined): T | undefined => bytes && (JSON.parse(decodeText(bytes)) as T);
  return ({ base, mine, theirs }) => {
    const merged = merge(read(base), read(mine), read(theirs));
    return merged === undefined ? undefined : encodeText(JSON.stringify(merged));
  };
}
