import { check } from "../../core/error.ts";
import type { Scan } from "./scan.ts";

/** Puts in order the keys that a scan finds, and keeps them for the pages to come. */
export interface Listings {
  /**
   * Returns keys that begin with a prefix, in order, those after the cursor; and the cursor after each of them. Rejects
   * `invalid-argument` for what no page gave as a cursor.
   */
  read(prefix: string, cursor: string | undefined): Promise<Stretch>;
}

/** Keys in their order. */
export interface Stretch {
  readonly keys: readonly string[];
  /** Whether there may be more behind them. */
  readonly isCut: boolean;
  /** Where to go on behind a key. */
  cursorAt(key: string): string;
}

// How many keys are kept, so that the next page need not look at all of them again, of how many listings, for how long (ms).
const keptKeys = 50_000;
const keptListings = 8;
const keptFor = 60_000;

interface Kept {
  keys: readonly string[];
  isCut: boolean;
  /** Behind which key they begin. */
  after: string;
  at: number;
}

/** Returns the listings of a store. */
export function createListings(scan: Scan): Listings {
  const kept = new Map<string, Kept>();

  /** The first keys behind another, as many as are kept. */
  async function look(prefix: string, after: string): Promise<Kept> {
    let keys: string[] = [];
    let isCut = false;
    const arrange = (): void => {
      keys = [...new Set(keys)].sort(compare);
      if (keys.length <= keptKeys) return;
      keys.length = keptKeys;
      isCut = true;
    };
    await scan(prefix, (found) => {
      const last = isCut ? keys[keptKeys - 1]! : undefined;
      for (const key of found) if (key > after && (last === undefined || key < last)) keys.push(key);
      if (keys.length >= 2 * keptKeys) arrange();
    });
    arrange();
    return { keys, isCut, after, at: performance.now() };
  }

  function keep(name: string, found: Kept): void {
    kept.set(name, found);
    for (const [each, { at }] of kept) {
      if (kept.size > keptListings || performance.now() - at > keptFor) kept.delete(each);
    }
  }

  return {
    async read(prefix, cursor) {
      const [, givenId, rest = ""] = /^([0-9a-f]{32})\.([^]*)$/.exec(cursor ?? "") ?? [];
      check(cursor === undefined || givenId, "cursor", "the cursor of a page", cursor);
      // Nobody else finds out the id, and with another prefix it stands for nothing. One that another process gave is kept,
      // so that those who take turns in answering have to look once each.
      const id = givenId ?? crypto.randomUUID().replaceAll("-", "");
      const name = id + prefix;
      const after = cursor === undefined ? "" : prefix + rest;
      // What was found for this very listing holds what was there throughout it.
      let found = kept.get(name);
      let keys = found ? found.keys.slice(firstAfter(found.keys, after)) : [];
      if (!found || after < found.after || (!keys.length && found.isCut)) {
        found = await look(prefix, after);
        keys = found.keys.slice();
        keep(name, found);
      }
      return { keys, isCut: found.isCut, cursorAt: (key) => `${id}.${key.slice(prefix.length)}` };
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where the keys begin that come after a key. */
function firstAfter(keys: readonly string[], after: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
