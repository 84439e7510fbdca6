import { isKey } from "../../core/key.ts";
import { resultOf } from "./transactions.ts";

/** What lies under keys that a store can have, in their order. */
export interface Pair {
  readonly key: string;
  readonly found: unknown;
}

// So many values are in memory at once.
const chunk = 100;

/** Returns the range of the strings that begin with a prefix and stand after another. */
function rangeOf(prefix: string, after: string | undefined): IDBKeyRange {
  // The first string that is behind all of them; an array is behind every string.
  const rest = prefix.replace(/\uffff+$/, "");
  const last = rest.length - 1;
  const end = rest ? rest.slice(0, last) + String.fromCharCode(rest.charCodeAt(last) + 1) : [];
  const isInside = after !== undefined && after >= prefix;
  return IDBKeyRange.bound(isInside ? after : prefix, end, isInside, true);
}

/** Goes through the pairs under a prefix, in one transaction. `visit` returns `false` to end it. */
export async function visitPairs(
  store: IDBObjectStore,
  prefix: string,
  after: string | undefined,
  visit: (pair: Pair) => boolean | void,
): Promise<void> {
  for (let from = after; ;) {
    let range: IDBKeyRange;
    try {
      range = rangeOf(prefix, from);
    } catch {
      // Nothing stands between the two.
      return;
    }
    const [keys, values] = await Promise.all([
      resultOf(store.getAllKeys(range, chunk)),
      resultOf(store.getAll(range, chunk)),
    ]);
    for (const [index, key] of keys.entries()) {
      if (isKey(key) && key.startsWith(prefix) && visit({ key, found: values[index] }) === false) return;
    }
    const last = keys.at(-1);
    // What is behind the strings is no store's.
    if (keys.length < chunk || typeof last !== "string") return;
    from = last;
  }
}
