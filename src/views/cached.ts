import type { Bytes } from "../core/bytes.ts";
import { checkCall, checkItems, checkStore } from "../core/check.ts";
import type { CallOptions, Change, Entry, Store } from "../core/contract.ts";
import { disposable } from "../core/disposable.ts";
import { check, missing } from "../core/error.ts";
import { checkPrefix } from "../core/key.ts";
import { mapChanges } from "../core/mapChanges.ts";
import { callable, positiveInteger } from "../core/options.ts";
import { untilAborted } from "../core/untilAborted.ts";
import { isBytes } from "../core/value.ts";
import { createEntryCache } from "./cached/entryCache.ts";
import { createFollower } from "./cached/follower.ts";
import { createSingleFlight } from "./cached/singleFlight.ts";

/** How much {@link cached} holds. */
export interface CachedOptions {
  /** How many bytes it holds at most: those of the values, and two for each UTF-16 unit of a key. */
  maxBytes: number;
  /** The clock, which is to be that of the store: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

// The calls that may change what lies under one key, which is their first argument.
const changing = ["set", "delete", "compareAndSet", "setIfAbsent", "take", "increment", "update", "touch"] as const;

/**
 * Returns a view of a store that keeps what was read in this process's memory, and reads it from there. When `maxBytes` are
 * held, SIEVE picks what goes. A value is never returned at or after its deadline. The view reads at once what it writes
 * itself. What others write (another tab, process or server, or a caller past this view) becomes visible when the store's
 * `watch` reports it; until then a read may return the previous value. A watch of this view never reports a change before
 * the view reads it. Every write and every atomic call goes to the store, and so do listings and misses.
 *
 * Nothing is held while the store reports no changes, and nothing is left when its watch reports that changes may have
 * been missed (`resync`). If the store cannot watch, or its watch broke, every read goes to the store, and the watch is
 * tried again from time to time. Only bytes are held: put `json` over this view, not under it. Closing the view closes
 * the store and ends the watch. Throws `invalid-argument`.
 *
 * @example Reads a value twice, and asks the store once.
 * ```ts
 * import { memory } from "shelflife";
 * import { cached } from "shelflife/views/cached";
 * import { faulty } from "shelflife/testing";
 *
 * let reads = 0;
 * const server = faulty(memory(), ({ method }) => void (method === "entry" && reads++));
 * const store = cached(server, { maxBytes: 1_000_000 });
 * await store.set("greeting", new TextEncoder().encode("hello"));
 * await store.get("greeting"); // from here on the view follows the store's changes
 * await store.get("greeting");
 * console.log(reads <= 2); // true
 * await store.close();
 * ```
 */
export function cached<T = Bytes, In = T>(store: Store<T, In>, options: CachedOptions): Store<T, In> {
  checkStore(store);
  const { maxBytes, now } = checkOptions(options);
  const entries = createEntryCache(maxBytes, now);
  // Those whose answer is still that of the store when it comes.
  const [reads, beginRead] = createSingleFlight((key) => store.entry(key));
  const follower = createFollower(store, heed, forgetAll);

  function forget(key: string): void {
    reads.delete(key);
    entries.delete(key);
  }

  function forgetAll(prefix = ""): void {
    for (const key of [...entries.keys(), ...reads.keys()]) if (key.startsWith(prefix)) forget(key);
  }

  function heed(change: Change): Change {
    if (change.type === "resync") forgetAll();
    else forget(change.key);
    return change;
  }

  /** Returns a value that is held, the caller's own, at once to a call without options that would have to be checked. */
  function hit(key: string, options: CallOptions | undefined): T | undefined {
    const slot = options === undefined ? entries.get(key) : undefined;
    return slot && (new Uint8Array(slot.value) as T);
  }

  /** Begins the one read of a key that all who ask for it meanwhile share. */
  function begin(key: string): Promise<Entry<T> | undefined> {
    const mayHold = follower.isFollowing;
    const reading = beginRead(key, (entry) => {
      if (mayHold && isBytes(entry?.value)) entries.set(key, entry as Entry<any>);
    });
    // After the first read, which thus waits for nothing. Those that follow are made when the watch has begun.
    if (!mayHold) void follower.follow();
    return reading;
  }

  /** Reads an entry, the caller's own. */
  async function read(key: string, options: CallOptions | undefined): Promise<Entry<T> | undefined> {
    if (follower.isResting) return store.entry(key, options);
    const { signal } = checkCall(options);
    signal?.throwIfAborted();
    const slot = entries.get(key);
    if (slot) return own(slot) as Entry<any>;
    const joined = reads.get(key);
    const entry = await untilAborted(joined ?? begin(key), signal);
    if (!entry || isBytes(entry.value)) return entry && own(entry);
    return joined ? store.entry(key, options) : entry;
  }

  const found =
    (miss: (key: string) => T) =>
    (key: string, options?: CallOptions): Promise<T> => {
      const value = hit(key, options);
      if (value) return Promise.resolve(value);
      return read(key, options).then((entry) => (entry ? entry.value : miss(key)));
    };

  const view: Store<T, In> = disposable<T, In>({
    ...store,
    get: found(missing),
    find: found((): any => {}),
    has: (key, options) =>
      options === undefined && entries.get(key) ? Promise.resolve(true) : store.has(key, options),
    entry: read,
    findMany: async (keys, options) => {
      const wanted = checkItems(keys);
      if (follower.isResting || !wanted.length) return store.findMany(wanted, options);
      const found = await Promise.all(wanted.map((key) => read(key, options)));
      return found.map((entry) => entry?.value);
    },
    setMany: async (items, options) => {
      const given = checkItems(items).map((item) => checkItems<any>(item));
      const all = (): void => given.forEach(([key]) => forget(key));
      return change(all, () => store.setMany(given as [string, any][], options));
    },
    deleteMany: async (keys, options) => {
      const given = checkItems(keys);
      return change(
        () => given.forEach(forget),
        () => store.deleteMany(given, options),
      );
    },
    transact: async (keys, decide, options) => {
      const given = checkItems(keys);
      return change(
        () => given.forEach(forget),
        () => store.transact(given, decide, options),
      );
    },
    clear: async (options) => {
      const prefix = checkPrefix(options?.prefix);
      return change(
        () => forgetAll(prefix),
        () => store.clear(options),
      );
    },
    // A reader that reads upon a change gets what changed.
    watch: (options) => mapChanges(store.watch(options), heed),
    close() {
      follower.close();
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

function checkOptions(options: CachedOptions): { maxBytes: number; now: () => number } {
  const { maxBytes = NaN, now = () => Date.now() } = checkCall(options);
  check(positiveInteger.test(maxBytes), "maxBytes", positiveInteger.expected, maxBytes);
  check(callable.test(now), "now", callable.expected, now);
  return { maxBytes, now };
}

/** Returns an entry whose bytes are nobody else's. */
function own<T>({ value, expiresAt }: Entry<T>): Entry<T> {
  return { value: new Uint8Array(value as Uint8Array) as T, expiresAt };
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
