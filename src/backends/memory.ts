import { applyChosen } from "../core/applyChosen.ts";
import {
  UNCHANGED,
  type CompleteBackend,
  type Entry,
  type Observer,
  type Store,
  type Value,
} from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { quote, StoreError } from "../core/error.ts";
import type { KeyChange } from "../core/keyChange.ts";
import { checkOptions, positiveInteger, storeRules, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { cost, createSieve, type Sieved } from "../core/sieve.ts";
import { live, toBytes } from "../core/value.ts";
import { createSortedKeys } from "./memory/sortedKeys.ts";
import { createWheel, type Timed } from "./memory/wheel.ts";

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
 *
 * @example Keeps at most a thousand answers, each for a minute.
 * ```ts
 * import { json, memory } from "shelflife";
 *
 * const answers = json<number>(memory({ maxEntries: 1000 }));
 * await answers.set("everything", 42, { ttl: 60_000 });
 * console.log(await answers.find("everything")); // 42
 * ```
 */
export function memory(options: MemoryOptions = {}): Store {
  return memoryFactory.build(memoryFactory.valid(options)) as Store;
}

/**
 * The factory of {@link memory}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry, memoryFactory } from "shelflife";
 *
 * const registry = createRegistry({ memory: memoryFactory });
 * console.log(registry.methods()); // [ 'memory' ]
 * ```
 */
export const memoryFactory: Factory<MemoryOptions> = {
  valid: (parameters) =>
    checkOptions<MemoryOptions>("memory", parameters, {
      ...storeRules,
      maxEntries: positiveInteger,
      maxBytes: positiveInteger,
    }),
  build: (options) => createCompleteStore(memoryBackend(options), options),
};

interface Slot extends Sieved, Timed {
  value: Value;
  expiresAt: number;
}

// Bytes are counted where they are bounded, and text is not. Where they are not, a value that is replaced is left alone: to
// look at what nobody has used for long costs as much as to find it.
function memoryBackend({
  maxEntries = Infinity,
  maxBytes = Infinity,
  now = () => Date.now(),
}: MemoryOptions): CompleteBackend<Value> {
  const keepsText = maxBytes === Infinity;
  const costOf: typeof cost = keepsText ? () => 0 : cost;
  // In the order of arrival. A replaced value keeps its place.
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  const [place, sweep, soonest] = createWheel(slots, now, drop);
  const [move, page] = createSortedKeys(slots);
  const observers = new Set<Observer>();
  let bytes = 0;

  // Not by a hub, which would be the only one in the bundle of those who use memory alone.
  function report(key: string, type: KeyChange["type"]): void {
    for (const observer of observers) observer.changed({ type, key });
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
    // What is due later than it was, the wheel puts back when it finds it.
    if (expiresAt < slot.expiresAt) place(key, slot, expiresAt);
    slot.value = value;
    slot.expiresAt = expiresAt;
    slot.isUsed = !!old;
    if (!old) {
      slots.set(key, slot);
      move(key);
    }
    // Makes room; the newest itself stays.
    while (slots.size > maxEntries || bytes > maxBytes) if (!sweep()) drop(pick(key), "delete");
    report(key, "set");
  }

  function set(key: string, entry: Entry<Value>): void {
    fits(key, entry);
    put(key, entry);
  }

  function drop(key: string, type: KeyChange["type"]): void {
    const { value, slice } = slots.get(key)!;
    bytes -= costOf(key, value);
    slice?.delete(key);
    slots.delete(key);
    move(key);
    report(key, type);
  }

  /** Removes what lies under a key, and returns whether it was live. */
  function remove(key: string): boolean {
    const slot = slots.get(key);
    const isLive = !!live(slot, now);
    if (slot) drop(key, isLive ? "delete" : "expire");
    return isLive;
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
    mutateMany(keys, decide) {
      const chosen = decide(keys.map((key) => slots.get(key)));
      applyChosen(keys, chosen, fits, () => {});
      applyChosen(keys, chosen, put, remove);
    },
    getMany: (keys) => keys.map(get),
    setMany(items) {
      for (const item of items) fits(...item);
      for (const item of items) put(...item);
    },
    deleteMany: (keys) => keys.filter(remove).length,
    list({ prefix, limit, cursor }) {
      // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
      const keys = page(prefix, limit, cursor === undefined ? "" : prefix + cursor);
      const entries = keys.slice(0, limit).map((key) => {
        const { value, expiresAt } = slots.get(key)!;
        return { key, expiresAt, size: toBytes(value).length };
      });
      return { entries, cursor: keys[limit] && keys[limit - 1]!.slice(prefix.length) };
    },
    clear({ prefix }) {
      for (const key of slots.keys()) if (key.startsWith(prefix)) remove(key);
    },
    sweep,
    soonest,
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
