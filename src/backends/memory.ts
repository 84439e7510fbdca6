import {
  UNCHANGED,
  type CompleteBackend,
  type Change,
  type Entry,
  type Observer,
  type Store,
  type Value,
} from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { checkOptions, positiveInteger, storeRules, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { cost, createSieve, type Sieved } from "../core/sieve.ts";
import { toBytes } from "../core/value.ts";

/** How a memory store is bounded, if at all. */
export interface MemoryOptions extends StoreOptions {
  /** How many entries it holds at most. @default unbounded */
  maxEntries?: number | undefined;
  /** How many bytes it holds at most: those of the values, and two for each UTF-16 unit of a key. @default unbounded */
  maxBytes?: number | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    memory: MemoryOptions;
  }
}

/**
 * Returns a store in this process's memory. When it is full, expired entries go first, then what SIEVE picks: the oldest
 * entry that was not used since the last look (Zhang et al., "SIEVE is simpler than LRU", NSDI 2024). A value that could
 * never fit is `quota-exceeded`. Throws `bad-config`.
 */
export function memory(options: MemoryOptions = {}): Store {
  return memoryFactory.build(memoryFactory.valid(options)) as Store;
}

export const memoryFactory: Factory<MemoryOptions> = {
  valid: (parameters) =>
    checkOptions<MemoryOptions>("memory", parameters, {
      ...storeRules,
      maxEntries: positiveInteger,
      maxBytes: positiveInteger,
    }),
  build: (options) => createCompleteStore(memoryBackend(options), options),
};

// As many keys as a page has.
const maxMoved = 1000;

interface Slot extends Sieved {
  value: Value;
  expiresAt: number;
  /** Where the wheel has the key: in a slice that is due no later than the entry. */
  slice: Set<string> | undefined;
}

function memoryBackend({
  maxEntries = Infinity,
  maxBytes = Infinity,
  now = Date.now,
}: MemoryOptions): CompleteBackend<Value> {
  // Bytes are counted where they are bounded, and text is not. Where they are not, a value that is replaced is left alone:
  // to look at what nobody has used for long costs as much as to find it.
  const keepsText = maxBytes === Infinity;
  const costOf: typeof cost = keepsText ? () => 0 : cost;
  // In the order of arrival. A replaced value keeps its place.
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  const observers = new Set<Observer>();
  // A timing wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987): keys in slices of time, the
  // wider the farther away, so that finding what is due costs what is due.
  const slices = new Map<number, Set<string>>();
  let soonest = Infinity;
  // Sorted for a listing. What has come or gone since is beside it as long as that is little, so that a page costs a page.
  let sorted: string[] = [];
  let moved: string[] | undefined;
  let bytes = 0;

  // Not by a hub, which would be the only one in the bundle of those who use memory alone.
  function tell(key: string, type: Change["type"]): void {
    for (const observer of observers) observer.changed({ type, key });
  }

  function move(key: string): void {
    if (moved && moved.push(key) > maxMoved) moved = undefined;
  }

  function get(key: string): Slot | undefined {
    const slot = slots.get(key);
    if (slot) slot.isUsed = true;
    return slot;
  }

  function fits(key: string, { value }: Entry<Value>): void {
    const size = costOf(key, value);
    if (size <= maxBytes) return;
    const message = `Cannot store key ${quote(key)}: expected at most ${maxBytes} bytes, got ${size}`;
    throw new StoreError("quota-exceeded", message, { key });
  }

  function put(key: string, { value, expiresAt }: Entry<Value>): void {
    const old = slots.get(key);
    const slot = old ?? { value, expiresAt: Infinity, isUsed: false, slice: undefined };
    bytes += costOf(key, value) - (old ? costOf(key, old.value) : 0);
    // What is due later than it was is put back when it is found.
    if (expiresAt < slot.expiresAt) place(key, slot, expiresAt);
    slot.value = value;
    slot.expiresAt = expiresAt;
    slot.isUsed = !!old;
    if (!old) {
      slots.set(key, slot);
      move(key);
    }
    evict(key);
    tell(key, "set");
  }

  function place(key: string, slot: Slot, at: number): void {
    slot.slice?.delete(key);
    slot.slice = undefined;
    if (at === Infinity) return;
    // A sixteenth of the way: there are never more than sixteen slices for each doubling of the distance.
    const width = 2 ** Math.floor(Math.log2(Math.max(16, at - now()) / 16));
    const start = at - (at % width);
    soonest = Math.min(soonest, start);
    slot.slice = slices.get(start) ?? new Set();
    slices.set(start, slot.slice.add(key));
  }

  function set(key: string, entry: Entry<Value>): void {
    fits(key, entry);
    put(key, entry);
  }

  function setMany(items: readonly (readonly [string, Entry])[]): void {
    for (const item of items) fits(...item);
    for (const item of items) put(...item);
  }

  function drop(key: string, type: Change["type"] = "delete"): void {
    const { value, slice } = slots.get(key)!;
    bytes -= costOf(key, value);
    slice?.delete(key);
    slots.delete(key);
    move(key);
    tell(key, type);
  }

  /** Removes what lies under a key, and tells whether it was live. */
  function remove(key: string): boolean {
    const slot = slots.get(key);
    const isLive = !!slot && slot.expiresAt > now();
    if (slot) drop(key, isLive ? "delete" : "expire");
    return isLive;
  }

  function sweep(): number {
    const time = now();
    let count = 0;
    if (soonest > time) return count;
    soonest = Infinity;
    for (const [start, keys] of slices) {
      if (start > time) soonest = Math.min(soonest, start);
      else {
        slices.delete(start);
        for (const key of keys) {
          const slot = slots.get(key)!;
          if (slot.expiresAt > time) place(key, slot, slot.expiresAt);
          else {
            drop(key, "expire");
            count++;
          }
        }
      }
    }
    return count;
  }

  /** Makes room for what was just put under a key, which itself stays. */
  function evict(newest: string): void {
    while (slots.size > maxEntries || bytes > maxBytes) if (!sweep()) drop(pick(newest));
  }

  return {
    keepsText,
    get,
    set,
    delete: remove,
    isPersistent: () => false,
    mutate(key, decide) {
      const next = decide(slots.get(key));
      if (next === UNCHANGED) return;
      if (next) set(key, next);
      else remove(key);
    },
    getMany: (keys) => keys.map(get),
    setMany,
    deleteMany: (keys) => keys.filter(remove).length,
    list({ prefix, limit, cursor }) {
      if (!moved) {
        // What is in order already is quickly sorted again.
        sorted = [...new Set([...sorted, ...slots.keys()])].filter((key) => slots.has(key)).sort();
        moved = [];
      }
      const start = firstFrom(sorted, cursor ?? prefix);
      // So many that one more than a page is left without those which are gone, and without the last of the page before.
      const near = sorted.slice(start, start + limit + moved.length + 2);
      const keys = [...new Set([...near, ...moved])]
        .filter((key) => slots.has(key) && key.startsWith(prefix) && (cursor === undefined || key > cursor))
        .sort();
      const entries = keys.slice(0, limit).map((key) => {
        const { value, expiresAt } = slots.get(key)!;
        return { key, expiresAt, size: toBytes(value).length };
      });
      return { entries, cursor: keys[limit] && keys[limit - 1] };
    },
    clear({ prefix }) {
      for (const key of slots.keys()) if (key.startsWith(prefix)) remove(key);
    },
    sweep,
    watch(_, observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    close() {
      observers.clear();
      slots.clear();
    },
  };
}

/** Returns where the first string that is not before another stands among sorted ones. */
function firstFrom(sorted: readonly string[], start: string): number {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
