import type { Scan } from "./scan.ts";

/** Puts in order the keys that a scan finds, and keeps them for the pages to come. */
export interface Listings {
  /** Returns keys that begin with a prefix, in order, those after the cursor; and the cursor after each of them. */
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
    return { keys, isCut, at: performance.now() };
  }

  function keep(id: string, found: Kept): void {
    kept.set(id, found);
    for (const [each, { at }] of kept) {
      if (kept.size > keptListings || performance.now() - at > keptFor) kept.delete(each);
    }
  }

  return {
    async read(prefix, cursor) {
      const [, givenId = "", after = ""] = /^(\w+)\.([^]*)$/.exec(cursor ?? "") ?? [];
      // What was found for this very listing holds what was there throughout it.
      const id = givenId || Math.random().toString(36).slice(2);
      let found = kept.get(id);
      let keys = found ? found.keys.slice(firstAfter(found.keys, after)) : [];
      if (!found || (!keys.length && found.isCut)) {
        found = await look(prefix, after);
        keys = found.keys.slice();
        keep(id, found);
      }
      return { keys, isCut: found.isCut, cursorAt: (key) => `${id}.${key}` };
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
