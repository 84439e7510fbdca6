import { UNCHANGED, type Backend, type Call, type Decision, type Entry, type Store } from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import { createSharedHub } from "../core/hub.ts";
import type { KeyChange } from "../core/keyChange.ts";
import { boolean, checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { lendBy } from "../core/lending.ts";
import { createSoonest } from "./localforage/deadlines.ts";
import { createEntries, type Entries } from "./localforage/entries.ts";
import type { LocalForageLike } from "./localforage/instance.ts";
import { mapKeys } from "./localforage/mapKeys.ts";
import { createTurns } from "./localforage/turns.ts";

/** How a store over localForage behaves. */
export interface LocalForageStoreOptions extends StoreOptions {
  /**
   * States that no other tab or worker uses the same data, so that atomic calls need no Web Locks, which pages without
   * https lack. @default false
   */
  exclusive?: boolean | undefined;
}

export { localforageDriver, type LocalForageDriver } from "./localforage/driver.ts";
export type { LocalForageLike } from "./localforage/instance.ts";

/**
 * Returns a store over a localForage instance, so that an app takes on the contract where its data already lies.
 *
 * What the app wrote reads as bytes: a Blob, ArrayBuffer or typed array as its own, anything that JSON can hold, a string
 * too, as its JSON text. So `json(localforage(instance)).get(key)` is what `instance.getItem(key)` is, a Date as its text.
 * What JSON would lose (a Map, a NaN, binary within an object) is `cant-decode`; a stored `null` is a missing value.
 *
 * What the store writes without a deadline, the app reads through localForage: bytes that are JSON text exactly as
 * `JSON.stringify` writes it as the value they stand for, all others as a Uint8Array. With a deadline they lie in a record that
 * only a store can read.
 *
 * localForage has no transactions. Web Locks make the store's calls atomic between tabs and workers; without them, and
 * without `exclusive`, atomic calls and `sweep` are `unsupported`. `setMany` puts back what it replaced when it fails, but
 * not after a crash. What the app writes past the store is not held back by any lock and not reported by a `watch`. There is
 * no index of deadlines: a sweep and a page of a listing read every key, and a sweep every value. With its localStorage
 * driver, an instance of the default `storeName` has the keys of the other stores of its `name` among its own.
 *
 * A key of the app that is no key of a store (empty, over 1,024 bytes, or with a lone surrogate) is not listed; `migrate`
 * reports it.
 *
 * Closing the store leaves the instance as it is. Throws `bad-config`.
 */
export function localforage(instance: LocalForageLike, options: LocalForageStoreOptions = {}): Store {
  const checked = checkOptions<LocalForageStoreOptions>("localforage", options, { ...storeRules, exclusive: boolean });
  for (const method of ["getItem", "setItem", "removeItem", "keys", "ready", "config", "driver"] as const) {
    if (typeof instance?.[method] === "function") continue;
    const expected = `instance must be a localForage instance with "${method}", got ${quote(instance)}`;
    throw new StoreError("bad-config", `Cannot open store "localforage": ${expected}`);
  }
  const { strays: findStrays, ...backend } = localforageBackend(instance, checked);
  const store = createStore(backend, checked);
  lendBy(store, "list", (prefix) => findStrays(prefix));
  return store;
}

function localforageBackend(
  instance: LocalForageLike,
  { exclusive = false }: LocalForageStoreOptions,
): Backend & Pick<Entries, "strays"> {
  const { name = "", storeName = "" } = instance.config();
  const medium = `shelflife:localforage:${name}/${storeName}`;
  const locks = exclusive ? undefined : globalThis.navigator?.locks;
  const isSafe = exclusive || locks !== undefined;
  const entries = createEntries(instance);
  const turns = createTurns(medium, { locks, storage: entries.storage });
  const hub = createSharedHub(medium);

  /** Does work while nobody else changes these keys, and reports the changes. */
  function change(keys: readonly string[], call: Call, work: () => Promise<KeyChange[]>): Promise<KeyChange[]> {
    return turns.take(keys, async () => {
      call.signal?.throwIfAborted();
      const changes = await work();
      hub.report(changes);
      return changes;
    });
  }

  /** Does work, and once more after a sweep if the medium was full. */
  async function withRoom<R>(call: Call, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      if (!isStoreError(error, "quota-exceeded") || !isSafe || !(await sweep(call))) throw error;
      return work();
    }
  }

  async function remove(
    key: string,
    call: Call,
    isVictim: (entry: Entry) => boolean = () => true,
  ): Promise<KeyChange | undefined> {
    const [removal] = await change([key], call, async () => {
      const current = await entries.read(key);
      return current && isVictim(current) ? [await entries.drop(key, current, call.now())] : [];
    });
    return removal;
  }

  function mutate(key: string, decide: Decision, call: Call): Promise<unknown> {
    return change([key], call, async () => {
      const current = await entries.read(key);
      const next = decide(current);
      if (next === UNCHANGED) return [];
      if (next) return [await entries.put(key, next)];
      return current ? [await entries.drop(key, current, call.now())] : [];
    });
  }

  async function sweep(call: Call, prefix = ""): Promise<number> {
    const hasExpired = ({ expiresAt }: Entry): boolean => expiresAt <= call.now();
    const removed = await turns.alone("sweep", async () =>
      mapKeys(await entries.keys(prefix), call, async (key) => {
        const entry = await entries.read(key);
        return entry && hasExpired(entry) ? remove(key, call, hasExpired) : undefined;
      }),
    );
    return removed.length;
  }

  const backend: Backend & Pick<Entries, "strays"> = {
    strays: entries.strays,
    get: entries.read,
    set: async (key, entry, call) =>
      void (await withRoom(call, () => change([key], call, async () => [await entries.put(key, entry)]))),
    delete: async (key, call) => (await remove(key, call))?.type === "delete",
    // The drivers that localForage has are; others' say by their name when they are not.
    isPersistent: () => !/memory|session/i.test(instance.driver() ?? ""),
    setMany: async (items, call) => {
      const keys = items.map(([key]) => key);
      await withRoom(call, () => change(keys, call, () => entries.putAll(items)));
    },
    deleteMany: async (keys, call) => {
      const removed = await mapKeys(keys, call, (key) => remove(key, call));
      return removed.filter(({ type }) => type === "delete").length;
    },
    async list({ prefix, limit, cursor }, call) {
      // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
      const keys = await entries.keys(prefix, cursor === undefined ? cursor : prefix + cursor);
      const page = keys.slice(0, limit);
      const listed = await mapKeys(page, call, async (key) => {
        const entry = await entries.read(key);
        return entry && { key, expiresAt: entry.expiresAt, size: sizeOf(entry) };
      });
      return keys.length > limit ? { entries: listed, cursor: page.at(-1)!.slice(prefix.length) } : { entries: listed };
    },
    clear: async ({ prefix }, call) =>
      void (await mapKeys(await entries.keys(prefix), call, (key) => remove(key, call))),
    // What cannot be swept safely is not looked for either.
    soonest: isSafe ? createSoonest(entries, hub) : () => Infinity,
    watch: (_, observer) => hub.watch(observer),
    async close() {
      await turns.settled();
      hub.close();
    },
  };
  if (!isSafe) return backend;
  return {
    ...backend,
    mutate: async (key, decide, call) => void (await withRoom(call, () => mutate(key, decide, call))),
    sweep: (call) => sweep(call),
    sweepWithin: ({ prefix }, call) => sweep(call, prefix),
  };
}

/** The length of a value, if it can be read. */
function sizeOf(entry: Entry): number | undefined {
  try {
    return entry.value.length;
  } catch {
    return undefined;
  }
}
