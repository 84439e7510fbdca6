import {
  UNCHANGED,
  type Backend,
  type Call,
  type Change,
  type Decision,
  type Entry,
  type Store,
} from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import { createSharedHub } from "../core/hub.ts";
import { checkKey } from "../core/key.ts";
import { boolean, checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { decode, encode, unreadable } from "./localforage/value.ts";
import { createTurns } from "./localforage/turns.ts";

/** How a store over localForage behaves. */
export interface LocalForageStoreOptions extends StoreOptions {
  /**
   * States that no other tab or worker uses the same data, so that atomic calls need no Web Locks, which pages without
   * https lack. @default false
   */
  exclusive?: boolean | undefined;
}

/** What is used of a localForage instance. */
export interface LocalForageLike {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: unknown): Promise<unknown>;
  removeItem(key: string): Promise<void>;
  keys(): Promise<string[]>;
  ready(): Promise<void>;
  config(): { name?: string; storeName?: string };
  driver(): string | null;
}

/**
 * Returns a store over a localForage instance, so that an app takes on the contract where its data already lies.
 *
 * What the app wrote reads as bytes: a Blob, ArrayBuffer or typed array as its own, anything that JSON can tell, a string
 * too, as its JSON text. So `json(localforage(instance)).get(key)` is what `instance.getItem(key)` is, a Date as its text.
 * What JSON would lose (a Map, a NaN, binary within an object) is `cant-decode`; a stored `null` is a missing value.
 *
 * What the store writes without a deadline, the app reads through localForage: bytes that are JSON text exactly as
 * `JSON.stringify` writes it as the value they tell, all others as a Uint8Array. With a deadline they lie in a record that
 * only a store can read.
 *
 * localForage has no transactions. Web Locks make the store's calls atomic between tabs and workers; without them, and
 * without `exclusive`, atomic calls and `sweep` are `unsupported`. `setMany` puts back what it replaced when it fails, but
 * not after a crash. What the app writes past the store is not held back by any lock and not told to a `watch`. There is
 * no index of deadlines: a sweep and a page of a listing read every key, and a sweep every value. With its localStorage
 * driver, an instance of the default `storeName` has the keys of the other stores of its `name` among its own.
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
  return createStore(localforageBackend(instance, checked), checked);
}

// So many values are in memory at once while a listing or a sweep goes through them.
const chunk = 100;

function localforageBackend(instance: LocalForageLike, { exclusive = false }: LocalForageStoreOptions): Backend {
  const { name = "", storeName = "" } = instance.config();
  const medium = `shelflife:localforage:${name}/${storeName}`;
  const locks = exclusive ? undefined : globalThis.navigator?.locks;
  const turns = createTurns(medium, { locks, storage });
  const hub = createSharedHub(medium);
  const isSafe = exclusive || locks !== undefined;

  /** The Storage that localForage writes to, if that is what its driver does. */
  async function storage(): Promise<Storage | undefined> {
    // Before, the driver is not known. If it fails, so will the work.
    await instance.ready().catch(() => {});
    return instance.driver() === "localStorageWrapper" ? globalThis.localStorage : undefined;
  }

  async function read(key: string): Promise<Entry | undefined> {
    const found = await find(key);
    if (found instanceof StoreError) return unreadable(found);
    // A Blob is read only now, and may be gone.
    return attempt(key, () => decode(key, found));
  }

  /** Returns what lies there, `null` for nothing, or why localForage cannot decode it. */
  async function find(key: string): Promise<unknown> {
    try {
      return (await attempt(key, () => instance.getItem(key))) ?? null;
    } catch (error) {
      if (isStoreError(error, "cant-decode")) return error;
      throw error;
    }
  }

  async function put(key: string, entry: Entry): Promise<Change> {
    const write = (): Promise<unknown> => instance.setItem(key, encode(entry));
    // After a write that the quota refused, Firefox's next transaction takes none either; the one after it does.
    const again = (error: unknown): Promise<unknown> =>
      (error as Partial<Error> | undefined)?.name === "InvalidStateError" ? write() : Promise.reject(error);
    await attempt(key, () => write().catch(again));
    return { type: "set", key };
  }

  async function drop(key: string, { expiresAt }: Entry, at: number): Promise<Change> {
    await attempt(key, () => instance.removeItem(key));
    return { type: expiresAt > at ? "delete" : "expire", key };
  }

  /** Does work while nobody else changes these keys, and tells of the change. */
  function change(keys: readonly string[], call: Call, work: () => Promise<Change[]>): Promise<Change[]> {
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
  ): Promise<Change | undefined> {
    const [told] = await change([key], call, async () => {
      const current = await read(key);
      return current && isVictim(current) ? [await drop(key, current, call.now())] : [];
    });
    return told;
  }

  function mutate(key: string, decide: Decision, call: Call): Promise<unknown> {
    return change([key], call, async () => {
      const current = await read(key);
      const next = decide(current);
      if (next === UNCHANGED) return [];
      if (next) return [await put(key, next)];
      return current ? [await drop(key, current, call.now())] : [];
    });
  }

  /** Puts back what lay there if one of the writes fails: the medium has no transaction that would. */
  async function putAll(items: readonly (readonly [key: string, entry: Entry])[]): Promise<Change[]> {
    const old = await Promise.all(items.map(([key]) => find(key)));
    const results = await Promise.allSettled(items.map(([key, entry]) => put(key, entry)));
    const failure = results.find((result) => result.status === "rejected");
    if (!failure) return items.map(([key]) => ({ type: "set", key }));
    // First what gives room back, so that the rest fits.
    for (const [index, [key]] of items.entries()) {
      if (old[index] === null) await instance.removeItem(key).catch(() => {});
    }
    for (const [index, [key]] of items.entries()) {
      if (old[index] !== null && !(old[index] instanceof StoreError))
        await instance.setItem(key, old[index]).catch(() => {});
    }
    throw failure.reason;
  }

  async function sortedKeys(prefix: string, after = ""): Promise<string[]> {
    const keys = await attempt(undefined, () => instance.keys());
    return keys.filter((key) => isKey(key) && key.startsWith(prefix) && key > after).sort();
  }

  /** Goes through keys in chunks, and through each chunk at once. */
  async function mapKeys<R>(
    keys: readonly string[],
    call: Call,
    map: (key: string) => Promise<R | undefined>,
  ): Promise<R[]> {
    const results: R[] = [];
    for (let start = 0; start < keys.length; start += chunk) {
      call.signal?.throwIfAborted();
      for (const result of await Promise.all(keys.slice(start, start + chunk).map(map))) {
        if (result !== undefined) results.push(result);
      }
    }
    return results;
  }

  async function sweep(call: Call): Promise<number> {
    const hasExpired = ({ expiresAt }: Entry): boolean => expiresAt <= call.now();
    const removed = await turns.alone("sweep", async () =>
      mapKeys(await sortedKeys(""), call, async (key) => {
        const entry = await read(key);
        return entry && hasExpired(entry) ? remove(key, call, hasExpired) : undefined;
      }),
    );
    return removed.length;
  }

  const backend: Backend = {
    get: read,
    set: async (key, entry, call) =>
      void (await withRoom(call, () => change([key], call, async () => [await put(key, entry)]))),
    delete: async (key, call) => (await remove(key, call))?.type === "delete",
    // The drivers that localForage has are; others' say by their name when they are not.
    isPersistent: () => !/memory|session/i.test(instance.driver() ?? ""),
    setMany: async (items, call) => {
      const keys = items.map(([key]) => key);
      await withRoom(call, () => change(keys, call, () => putAll(items)));
    },
    deleteMany: async (keys, call) => {
      const removed = await mapKeys(keys, call, (key) => remove(key, call));
      return removed.filter(({ type }) => type === "delete").length;
    },
    async list({ prefix, limit, cursor }, call) {
      const keys = await sortedKeys(prefix, cursor);
      const page = keys.slice(0, limit);
      const entries = await mapKeys(page, call, async (key) => {
        const entry = await read(key);
        return entry && { key, expiresAt: entry.expiresAt, size: sizeOf(entry) };
      });
      return keys.length > limit ? { entries, cursor: page.at(-1)! } : { entries };
    },
    clear: async ({ prefix }, call) => void (await mapKeys(await sortedKeys(prefix), call, (key) => remove(key, call))),
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
    sweep,
  };
}

/** Whether a key can be one of a store's: an app's own may be empty, or too long. */
function isKey(key: unknown): boolean {
  try {
    return checkKey(key) === key;
  } catch {
    return false;
  }
}

function sizeOf(entry: Entry): number | undefined {
  try {
    return entry.value.length;
  } catch {
    return undefined;
  }
}

/** Calls localForage, and gives its failures a code. */
async function attempt<R>(key: string | undefined, call: () => Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (cause) {
    const { name, message } = (cause ?? {}) as Partial<Error>;
    const what = key === undefined ? "Cannot use localForage" : `Cannot use localForage for key ${quote(key)}`;
    if (/quota/i.test(`${name}`))
      throw new StoreError("quota-exceeded", `${what}: expected room for the value`, { key, cause });
    // Its localStorage driver parses text, and knows types by their names in it.
    if (name === "SyntaxError" || name === "RangeError" || /^Unkn?own type/.test(`${message}`)) {
      throw new StoreError("cant-decode", `Cannot decode key ${quote(key)}: expected what localForage writes`, {
        key,
        cause,
      });
    }
    throw new StoreError("unavailable", `${what}: expected its driver to work, got ${quote(message ?? cause)}`, {
      key,
      cause,
    });
  }
}
