import type { Entry } from "../../core/contract.ts";
import { cost, createSieve, type Sieved } from "../../core/sieve.ts";

/** Entries in this process's memory, within a bound. The bytes stay the cache's. */
export interface EntryCache {
  /** Returns the entry of a key if it lives, and counts as a use of it. */
  get(key: string): Entry | undefined;
  /** Holds an entry, unless it could never fit; what goes for it SIEVE picks. */
  set(key: string, entry: Entry): void;
  delete(key: string): void;
  keys(): Iterable<string>;
}

interface Slot extends Entry, Sieved {}

/** Returns a cache of at most `maxBytes`: those of the values, and two for each UTF-16 unit of a key. */
export function createEntryCache(maxBytes: number, now: () => number): EntryCache {
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  let bytes = 0;

  function remove(key: string): void {
    const slot = slots.get(key);
    if (!slot) return;
    slots.delete(key);
    bytes -= cost(key, slot.value);
  }

  return {
    get(key) {
      const slot = slots.get(key);
      if (!slot) return undefined;
      slot.isUsed = true;
      if (slot.expiresAt === Infinity || slot.expiresAt > now()) return slot;
      // The store removes it, and reports that.
      remove(key);
      return undefined;
    },
    set(key, { value, expiresAt }) {
      const size = cost(key, value);
      if (size > maxBytes) return;
      slots.set(key, { value, expiresAt, isUsed: false });
      bytes += size;
      while (bytes > maxBytes) remove(pick(key));
    },
    delete: remove,
    keys: () => slots.keys(),
  };
}
