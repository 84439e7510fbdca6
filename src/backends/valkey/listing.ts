import { isKey } from "../../core/key.ts";
import type { ValkeyClient } from "./connection.ts";

/** Finds the keys of a store, which a server gives in no order and some of them twice. */
export interface Lister {
  /** Tells all keys that begin with a prefix, in parts; one may be told again. */
  scan(prefix: string, tell: (keys: string[]) => unknown): Promise<void>;
  /** Returns keys that begin with a prefix, in order, those after the cursor; and the cursor after each of them. */
  page(prefix: string, cursor: string | undefined): Promise<Stretch>;
}

/** Keys in their order. */
export interface Stretch {
  readonly keys: readonly string[];
  /** Whether there may be more behind them. */
  readonly isCut: boolean;
  /** Where to go on behind a key. */
  cursorAt(key: string): string;
}

// How many keys a server looks at in one go, not to hold up others.
const lookedAt = 1000;
// How many keys are kept, so that the next page need not look at all of them again, of how many listings, for how long (ms).
const keptKeys = 50_000;
const keptListings = 8;
const keptFor = 60_000;

interface Kept {
  keys: readonly string[];
  isCut: boolean;
  at: number;
}

/** Returns what finds keys. `nodes` are the servers that have them. */
export function createLister(prefix: string, nodes: () => Promise<readonly ValkeyClient[]>): Lister {
  const kept = new Map<string, Kept>();
  const { length } = new TextEncoder().encode(prefix);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  async function scan(wanted: string, tell: (keys: string[]) => unknown): Promise<void> {
    const pattern = `${(prefix + wanted).replace(/[\\*?[\]^-]/g, "\\$&")}*`;
    const scanNode = async (node: ValkeyClient): Promise<void> => {
      let cursor: unknown = "0";
      do {
        const found = await node.scanBuffer(cursor, "MATCH", pattern, "COUNT", lookedAt, "TYPE", "string");
        const [next, names] = found as [Uint8Array, Uint8Array[]];
        cursor = decoder.decode(next);
        const keys = names.flatMap((name) => read(name));
        if (keys.length) await tell(keys);
      } while (cursor !== "0");
    };
    await Promise.all((await nodes()).map(scanNode));
  }

  /** The key of the store that a name on the server stands for, if it does. */
  function read(name: Uint8Array): string[] {
    try {
      const key = decoder.decode(name.subarray(length));
      return isKey(key) ? [key] : [];
    } catch {
      return [];
    }
  }

  /** The first keys behind another, as many as are kept. */
  async function look(wanted: string, after: string): Promise<Kept> {
    let keys: string[] = [];
    let isCut = false;
    const arrange = (): void => {
      keys = [...new Set(keys)].sort(compare);
      if (keys.length <= keptKeys) return;
      keys.length = keptKeys;
      isCut = true;
    };
    await scan(wanted, (found) => {
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
    scan,
    async page(wanted, cursor) {
      const [, givenId = "", after = ""] = /^(\w+)\.([^]*)$/.exec(cursor ?? "") ?? [];
      // What was found for this very listing holds what was there throughout it.
      const id = givenId || Math.random().toString(36).slice(2);
      let found = kept.get(id);
      let keys = found ? found.keys.slice(firstAfter(found.keys, after)) : [];
      if (!found || (!keys.length && found.isCut)) {
        found = await look(wanted, after);
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
