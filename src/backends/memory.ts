import { UNCHANGED, type FullBackend, type Change, type Entry, type Store } from "../core/contract.ts";
import { createFullStore } from "../core/createFullStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { createHub } from "../core/hub.ts";
import { checkOptions, positiveInteger, storeRules, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";

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
  build: (options) => createFullStore(memoryBackend(options), options),
};

interface Slot extends Entry {
  /** Read or replaced since SIEVE's hand went by. */
  isUsed: boolean;
}

function memoryBackend({ maxEntries = Infinity, maxBytes = Infinity, now = Date.now }: MemoryOptions): FullBackend {
  // In the order of arrival, in which the hand goes round. A replaced value keeps its place.
  const slots = new Map<string, Slot>();
  const hub = createHub();
  const wheel = createWheel();
  // Sorted for a listing, and again when keys have come since.
  let sorted: string[] = [];
  let isSorted = false;
  let bytes = 0;
  let hand = slots.entries();

  function get(key: string): Slot | undefined {
    const slot = slots.get(key);
    if (slot) slot.isUsed = true;
    return slot;
  }

  function setMany(items: readonly (readonly [string, Entry])[]): void {
    for (const [key, { value }] of items) {
      if (cost(key, value) <= maxBytes) continue;
      const message = `Cannot store key ${quote(key)}: expected at most ${maxBytes} bytes, got ${cost(key, value)}`;
      throw new StoreError("quota-exceeded", message, { key });
    }
    for (const [key, { value, expiresAt }] of items) {
      const old = slots.get(key);
      bytes += cost(key, value) - (old ? cost(key, old.value) : 0);
      isSorted &&= !!old;
      slots.set(key, { value, expiresAt, isUsed: !!old });
      if (expiresAt < Infinity) wheel.add(key, expiresAt, now());
      evict(key);
      hub.tell([{ type: "set", key }]);
    }
  }

  function drop(key: string, type: Change["type"] = "delete"): void {
    bytes -= cost(key, slots.get(key)!.value);
    slots.delete(key);
    hub.tell([{ type, key }]);
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
    for (const key of wheel.due(time)) {
      const { expiresAt = Infinity } = slots.get(key) ?? {};
      if (expiresAt <= time) {
        drop(key, "expire");
        count++;
      } else if (expiresAt < Infinity) wheel.add(key, expiresAt, time);
    }
    return count;
  }

  /** Makes room for what was just put under a key, which itself stays. */
  function evict(newest: string): void {
    const isFull = (): boolean => slots.size > maxEntries || bytes > maxBytes;
    if (isFull()) sweep();
    while (isFull()) {
      const { value: next, done } = hand.next();
      if (done) hand = slots.entries();
      else if (next[1].isUsed) next[1].isUsed = false;
      else if (next[0] !== newest) drop(next[0]);
    }
  }

  return {
    get,
    set: (key, entry) => setMany([[key, entry]]),
    delete: remove,
    isPersistent: () => false,
    mutate(key, decide) {
      const next = decide(slots.get(key));
      if (next === UNCHANGED) return;
      if (next) setMany([[key, next]]);
      else remove(key);
    },
    getMany: (keys) => keys.map(get),
    setMany,
    deleteMany: (keys) => keys.filter(remove).length,
    list({ prefix, limit, cursor }) {
      if (!isSorted) sorted = [...slots.keys()].sort();
      isSorted = true;
      const entries: { key: string; expiresAt: number; size: number }[] = [];
      for (let index = firstFrom(sorted, cursor ?? prefix); sorted[index]?.startsWith(prefix); index++) {
        const key = sorted[index]!;
        const slot = slots.get(key);
        if (!slot || key === cursor) continue;
        if (entries.length === limit) return { entries, cursor: entries.at(-1)!.key };
        entries.push({ key, expiresAt: slot.expiresAt, size: slot.value.length });
      }
      return { entries };
    },
    clear({ prefix }) {
      for (const key of slots.keys()) if (key.startsWith(prefix)) remove(key);
    },
    sweep,
    watch: (_, observer) => hub.watch(observer),
    close() {
      hub.close();
      slots.clear();
    },
  };
}

function cost(key: string, value: Uint8Array): number {
  return value.length + 2 * key.length;
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

/**
 * Returns a timing wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987): keys in slices of time,
 * the wider the farther away, so that finding what is due costs what is due. A key may be in it that has moved since.
 */
function createWheel(): { add(key: string, at: number, now: number): void; due(now: number): Iterable<string> } {
  const slices = new Map<number, Set<string>>();
  return {
    add(key, at, now) {
      // A sixteenth of the way: there are never more than sixteen slices for each doubling of the distance.
      const width = 2 ** Math.floor(Math.log2(Math.max(16, at - now) / 16));
      const start = at - (at % width);
      if (!slices.has(start)) slices.set(start, new Set());
      slices.get(start)!.add(key);
    },
    *due(now) {
      for (const [start, keys] of slices) {
        if (start > now) continue;
        slices.delete(start);
        yield* keys;
      }
    },
  };
}
