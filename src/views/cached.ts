import { checkCall, checkItems } from "../core/check.ts";
import type { CallOptions, Change, Entry, Store } from "../core/contract.ts";
import { disposable } from "../core/disposable.ts";
import { check, missing } from "../core/error.ts";
import { checkPrefix } from "../core/key.ts";
import { callable, positiveInteger } from "../core/options.ts";
import { cost, createSieve, type Sieved } from "../core/sieve.ts";
import { letExit } from "../core/timers.ts";
import { untilAborted } from "../core/untilAborted.ts";
import { isBytes } from "../core/value.ts";

/** How much {@link cached} holds. */
export interface CachedOptions {
  /** How many bytes it holds at most: those of the values, and two for each UTF-16 unit of a key. */
  maxBytes: number;
  /** The clock, which is to be that of the store: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

interface Slot extends Entry, Sieved {}

// The calls that may change what lies under one key, which is their first argument.
const changing = ["set", "delete", "compareAndSet", "setIfAbsent", "take", "increment", "update", "touch"] as const;
// How long nothing is held after a watch broke, and at most after it did again and again: ms.
const firstRest = 100;
const longestRest = 60_000;

/**
 * Returns a view of a store that keeps what was read in this process's memory, within bounds (what goes when they are met
 * SIEVE picks), and reads it from there. A value is never returned at or after its deadline. What this view writes it reads
 * at once; what is written elsewhere (by another tab, process or server, or past this view) it may miss from when that is
 * committed until the store's `watch` tells of it, and a watch of this view never tells of a change before the view reads
 * it. Every write and every atomic call goes to the store, and so do listings and misses.
 *
 * Nothing is held as long as the store tells no changes: while it cannot watch, or its watch broke, all is read from it, and
 * the watch is tried again from time to time. Only bytes are held: put `json` over this view, not under it. Closing the
 * view closes the store and ends the watch. Throws `invalid-argument`.
 */
export function cached<T = Uint8Array>(store: Store<T>, { maxBytes, now = Date.now }: CachedOptions): Store<T> {
  check(positiveInteger.test(maxBytes), "maxBytes", positiveInteger.expected, maxBytes);
  check(callable.test(now), "now", callable.expected, now);
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  // Those under way whose answer is still that of the store when it comes.
  const reads = new Map<string, Promise<Entry<T> | undefined>>();
  let bytes = 0;
  let isFollowing = false;
  let isResting = false;
  let rest = firstRest;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function forget(key: string): void {
    reads.delete(key);
    const slot = slots.get(key);
    if (!slot) return;
    slots.delete(key);
    bytes -= cost(key, slot.value);
  }

  function forgetAll(prefix = ""): void {
    for (const key of [...slots.keys(), ...reads.keys()]) if (key.startsWith(prefix)) forget(key);
  }

  function hold(key: string, { value, expiresAt }: Entry): void {
    const size = cost(key, value);
    if (size > maxBytes) return;
    slots.set(key, { value, expiresAt, isUsed: false });
    bytes += size;
    while (bytes > maxBytes) forget(pick(key));
  }

  /** Returns what is held under a key and lives. */
  function held(key: string): Slot | undefined {
    const slot = slots.get(key);
    if (!slot) return undefined;
    slot.isUsed = true;
    if (slot.expiresAt === Infinity || slot.expiresAt > now()) return slot;
    // The store removes it, and tells that.
    forget(key);
    return undefined;
  }

  /** Returns a value that is held, the caller's own, at once to a call without options that would have to be checked. */
  function hit(key: string, options: CallOptions | undefined): T | undefined {
    const slot = options === undefined ? held(key) : undefined;
    return slot && (new Uint8Array(slot.value) as T);
  }

  /** Forgets whatever changes, until the store tells no more. */
  async function follow(): Promise<void> {
    isFollowing = true;
    // What a page missed that was put aside whole, for the way back to it, nobody tells.
    const shown = (event: { persisted?: boolean }): void => void (event.persisted && forgetAll());
    globalThis.addEventListener?.("pageshow", shown);
    try {
      for await (const { key } of store.watch()) {
        forget(key);
        rest = firstRest;
      }
    } catch {
      // Whoever watches is told. Here it means the same as an end.
    }
    globalThis.removeEventListener?.("pageshow", shown);
    isFollowing = false;
    forgetAll();
    if (isResting) return;
    isResting = true;
    timer = setTimeout(() => (isResting = false), rest);
    letExit(timer);
    rest = Math.min(2 * rest, longestRest);
  }

  /** Begins the one read of a key that all who ask for it meanwhile share. */
  function begin(key: string): Promise<Entry<T> | undefined> {
    const mayHold = isFollowing;
    const isCurrent = (): boolean => reads.get(key) === reading && reads.delete(key);
    const reading = store.entry(key).then(
      (entry) => {
        if (isCurrent() && mayHold && isBytes(entry?.value)) hold(key, entry as Entry<any>);
        return entry;
      },
      (error: unknown) => {
        isCurrent();
        throw error;
      },
    );
    reads.set(key, reading);
    // After the first read, which thus waits for nothing. Those that follow are made when the watch has begun.
    if (!isFollowing) void follow();
    return reading;
  }

  /** Reads an entry, the caller's own. */
  async function read(key: string, options: CallOptions | undefined): Promise<Entry<T> | undefined> {
    if (isResting) return store.entry(key, options);
    const { signal } = checkCall(options);
    signal?.throwIfAborted();
    const slot = held(key);
    if (slot) return own(slot) as Entry<any>;
    const joined = reads.get(key);
    const entry = await untilAborted(joined ?? begin(key), signal);
    if (!entry || isBytes(entry.value)) return entry && own(entry);
    return joined ? store.entry(key, options) : entry;
  }

  /** Makes a call that changes some keys: what was read before it is over is not held. */
  async function change<R>(forgetThem: () => void, call: () => Promise<R>): Promise<R> {
    forgetThem();
    try {
      return await call();
    } finally {
      forgetThem();
    }
  }

  const view: Store<T> = disposable<T>({
    ...store,
    get(key, options) {
      const value = hit(key, options);
      if (value) return Promise.resolve(value);
      return read(key, options).then((entry) => (entry ? entry.value : missing(key)));
    },
    find(key, options) {
      const value = hit(key, options);
      if (value) return Promise.resolve(value);
      return read(key, options).then((entry) => entry?.value);
    },
    has: (key, options) => (options === undefined && held(key) ? Promise.resolve(true) : store.has(key, options)),
    entry: read,
    findMany: async (keys, options) => {
      const wanted = checkItems(keys);
      if (isResting || !wanted.length) return store.findMany(wanted, options);
      const found = await Promise.all(wanted.map((key) => read(key, options)));
      return found.map((entry) => entry?.value);
    },
    setMany: async (items, options) => {
      const given = checkItems(items).map((item) => checkItems<any>(item));
      const all = (): void => given.forEach(([key]) => forget(key));
      return change(all, () => store.setMany(given as [string, T][], options));
    },
    deleteMany: async (keys, options) => {
      const given = checkItems(keys);
      return change(
        () => given.forEach(forget),
        () => store.deleteMany(given, options),
      );
    },
    clear: async (options) => {
      const prefix = checkPrefix(options?.prefix);
      return change(
        () => forgetAll(prefix),
        () => store.clear(options),
      );
    },
    watch(options) {
      const changes = store.watch(options);
      return {
        ...changes,
        [Symbol.asyncIterator]() {
          return this;
        },
        async next(): Promise<IteratorResult<Change, any>> {
          const result = await changes.next();
          // Who reads on being told gets what he was told of.
          if (!result.done) forget(result.value.key);
          return result;
        },
      };
    },
    close() {
      isResting = true;
      clearTimeout(timer);
      forgetAll();
      return store.close();
    },
  });
  for (const name of changing) {
    const call = store[name] as (key: string, ...rest: unknown[]) => Promise<unknown>;
    Object.assign(view, {
      [name]: (key: string, ...rest: unknown[]) =>
        change(
          () => forget(key),
          () => call.call(store, key, ...rest),
        ),
    });
  }
  return view;
}

/** Returns an entry whose bytes are nobody else's. */
function own<T>({ value, expiresAt }: Entry<T>): Entry<T> {
  return { value: new Uint8Array(value as Uint8Array) as T, expiresAt };
}
