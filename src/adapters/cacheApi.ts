import { UNCHANGED, type Backend, type Call, type Decision, type Entry, type Store } from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
import { StoreError } from "../core/error.ts";
import { checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { createTurns } from "../core/turns.ts";
import type { CacheLike } from "./cacheApi/cache.ts";
import { createEntries } from "./cacheApi/entries.ts";
import { createKeyWork } from "./peer/keyWork.ts";
import { checkMethods } from "./peer/methods.ts";

/** Where in a Cache a store lies. */
export interface CacheApiOptions extends StoreOptions {
  /**
   * What the addresses of all values begin with: an http or https URL that ends in "/". What lies under others is left alone. Nothing is
   * requested from there. On Cloudflare it has to be of the Worker's own zone. @default "https://shelflife.invalid/"
   */
  url?: string | undefined;
}

export type { CacheLike } from "./cacheApi/cache.ts";

/**
 * Returns a store in a Cache, which `caches.open` opens: of a page, a worker or a service worker, of Deno, or of a
 * Cloudflare Worker (`caches.default` too).
 *
 * With Web Locks, which pages and Deno have, calls of one key are atomic between all contexts, and `sweep` removes what
 * has expired. Without them, on Cloudflare, they reject `unsupported`, and so do listings, for which a Cache there has
 * no `keys`. A `watch` and a `transact` of several keys are always `unsupported`. A write of many is one for each, and
 * some may be written when it rejects.
 *
 * The deadline lies in a header of each Response, and the store never returns what is past it. There is no index: a
 * page of a listing and a sweep read every key, and a sweep every deadline. A cache at the edge may lose what it holds
 * at any time, so `isPersistent` is false there. Throws `bad-config`.
 *
 * @example Keeps an answer for a minute, where there is a Cache.
 * ```ts
 * import { memory } from "shelflife";
 * import { cacheApi } from "shelflife/adapters/cacheApi";
 *
 * const store = "caches" in globalThis ? cacheApi(await caches.open("answers")) : memory();
 * await store.set("answer", Uint8Array.of(42), { ttl: 60_000 });
 * console.log(await store.has("answer")); // true
 * await store.close();
 * ```
 */
export function cacheApi(cache: CacheLike, options: CacheApiOptions = {}): Store {
  const url = { expected: 'an http or https URL that ends in "/"', test: isBase };
  const checked = checkOptions<CacheApiOptions>("cacheApi", options, { ...storeRules, url });
  checkMethods("cacheApi", cache, "cache must be a Cache", ["match", "put", "delete"]);
  return createStore(cacheBackend(cache, checked), checked);
}

function isBase(value: unknown): boolean {
  try {
    const { href, protocol, pathname, search, hash } = new URL(value as string);
    return /^https?:$/.test(protocol) && pathname.endsWith("/") && !search && !hash && href === value;
  } catch {
    return false;
  }
}

function cacheBackend(cache: CacheLike, { url = "https://shelflife.invalid/" }: CacheApiOptions): Backend {
  const entries = createEntries(cache, url);
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  // The keys() of Cloudflare are there and throw. It has caches.default, which nobody else has.
  const canList = typeof cache.keys === "function" && !("default" in (globalThis.caches ?? {}));
  // While nobody else changes a key; without locks, nobody of this store.
  const { change, settled } = createKeyWork(
    locks ? (key, work) => locks.request(`shelflife:cache:${entries.urlOf(key)}`, work) : createTurns(),
  );

  const put = (key: string, entry: Entry, call: Call): Promise<void> =>
    change(key, call, () => entries.put(key, entry, call));

  /** Removes an entry if it is to go, and returns whether it did. */
  function remove(key: string, call: Call, goes: (expiresAt: number) => boolean): Promise<number | undefined> {
    return change(key, call, async () => {
      const found = await entries.head(key);
      if (!found || !goes(found.expiresAt)) return undefined;
      call.signal?.throwIfAborted();
      await entries.drop(key);
      return found.expiresAt;
    });
  }

  const erase = async (key: string, call: Call): Promise<boolean> =>
    ((await remove(key, call, () => true)) ?? 0) > call.now();

  async function sweep(call: Call, prefix = ""): Promise<number> {
    let count = 0;
    for (const key of await keysOf(prefix)) {
      call.signal?.throwIfAborted();
      const isPast = (expiresAt: number): boolean => expiresAt <= call.now();
      const found = await entries.head(key);
      if (found && isPast(found.expiresAt) && (await remove(key, call, isPast)) !== undefined) count++;
    }
    return count;
  }

  async function keysOf(prefix: string): Promise<string[]> {
    if (!canList) throw new StoreError("unsupported", "Cannot list a cache: expected one with keys()");
    return entries.keys(prefix);
  }

  const mutate = (key: string, decide: Decision, call: Call): Promise<void> =>
    change(key, call, async () => {
      const current = await entries.read(key);
      const next = decide(current);
      if (next === UNCHANGED) return;
      if (next) await entries.put(key, next, call);
      else if (current) await entries.drop(key);
    });

  const backend: Backend = {
    returnsCopies: true,
    isPersistent: () => canList,
    get: entries.read,
    head: entries.head,
    set: put,
    delete: erase,
    setMany: async (items, call) => void (await Promise.all(items.map(([key, entry]) => put(key, entry, call)))),
    deleteMany: async (keys, call) => {
      const wereLive = await Promise.all(keys.map((key) => erase(key, call)));
      return wereLive.filter(Boolean).length;
    },
    async list({ prefix, limit, cursor }) {
      // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
      const after = prefix + (cursor ?? "");
      const keys = (await keysOf(prefix)).filter((key) => cursor === undefined || key > after);
      const page = keys.slice(0, limit);
      const heads = await Promise.all(page.map(entries.head));
      const listed = page.flatMap((key, index) => (heads[index] ? [{ key, ...heads[index] }] : []));
      return keys.length > limit ? { entries: listed, cursor: page.at(-1)!.slice(prefix.length) } : { entries: listed };
    },
    async clear({ prefix }, call) {
      for (const key of await keysOf(prefix)) await remove(key, call, () => true);
    },
    watch() {
      throw new StoreError("unsupported", "Cannot watch a cache: expected a medium that reports changes");
    },
    close: settled,
  };
  if (!locks) return backend;
  const atomic = { ...backend, mutate };
  return canList
    ? { ...atomic, sweep: (call) => sweep(call), sweepWithin: ({ prefix }, call) => sweep(call, prefix) }
    : atomic;
}
