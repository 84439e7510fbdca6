import type { Call, CompleteBackend, Store } from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { StoreError } from "../core/error.ts";
import {
  boolean,
  callable,
  checkOptions,
  nonEmptyString,
  storeRules,
  type Rule,
  type Rules,
  type StoreOptions,
} from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { buffered, type AcknowledgeOptions } from "./indexeddb/buffered.ts";
import { checkDatabase, createAppConnection, createEndable } from "./indexeddb/appDatabase.ts";
import { isDatabase, type DatabaseLike } from "./indexeddb/upgradeStore.ts";
import { findExpired, findSoonest, listEntries, listKeys, listPage, rangeOf } from "./indexeddb/listing.ts";
import { createCache } from "./indexeddb/cache.ts";
import { createConnection, type Connect } from "./indexeddb/connection.ts";
import { createTransactionQueue } from "./indexeddb/queue.ts";
import { ask } from "./indexeddb/readMany.ts";
import { createChanges } from "./indexeddb/changes.ts";
import { readLast } from "./indexeddb/marks.ts";
import { mutationOf, put, remove, sweepSize, sweepWork } from "./indexeddb/mutations.ts";
import { toEntry } from "./indexeddb/record.ts";

/** Where an IndexedDB store keeps its entries, and how firmly. */
export interface IndexedDBOptions extends StoreOptions, AcknowledgeOptions {
  /**
   * The name of the database, which belongs to the store alone; or a database that the app has opened itself: an `IDBDatabase`, or what
   * `openDB` of the `idb` package resolves with. @default "shelflife"
   */
  database?: string | DatabaseLike | undefined;
  /** In a database of the app's: what {@link upgradeStore} has made there. */
  storeName?: string | undefined;
  /**
   * Whether a write is committed when it is handed to the operating system (`relaxed`) or when the disk has it
   * (`strict`), where the browser makes that difference. @default "relaxed"
   */
  durability?: "relaxed" | "strict" | undefined;
  /** Asks the browser, at the first call, not to evict the origin's data. No call waits for the answer. @default false */
  persist?: boolean | undefined;
  /**
   * How many bytes of entries that were read or written lately are kept in memory, about. They are given out only in a transaction that
   * has seen that nobody wrote since, and need no request then. @default 4 MiB
   */
  cacheBytes?: number | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    indexeddb: IndexedDBOptions;
  }
}

/**
 * Returns a store in IndexedDB, for pages and workers. The database is opened at the first call, and opened again when
 * the browser closed it. Concurrent calls share transactions. What the origin's quota has no room for is
 * `quota-exceeded`, after expired entries were removed, and leaves the old value; a database that cannot be opened,
 * within 10 s if another context is in the way, is `unavailable`, and the next call tries again. One that something
 * else has made is `bad-config` and stays as it is. Throws `bad-config`.
 *
 * In a database that an app has opened itself the store lies beside the app's own object stores, in what {@link upgradeStore} has made there;
 * several stores may. The connection is the app's, and the store never closes it. When it is asked to make way (`versionchange`), the store
 * begins no more transactions, so that the app's `close()` takes effect at once; those under way are committed. From then on, and when the
 * app or the browser has closed it, every call and watch rejects `unavailable`: open the database again, and a store in it.
 *
 * @example Keeps a draft for a week.
 * ```ts
 * import { indexeddb, json } from "shelflife";
 *
 * const drafts = json<string>(indexeddb({ database: "drafts", persist: true }));
 * await drafts.set("letter", "Dear", { ttl: 7 * 86_400_000 });
 * console.log(await drafts.get("letter")); // Dear
 * await drafts.close();
 * ```
 *
 * @example Keeps entries with deadlines beside an app's own object stores.
 * ```ts
 * import { indexeddb, json } from "shelflife";
 * import { upgradeStore } from "shelflife/backends/indexeddb";
 *
 * const request = indexedDB.open("own");
 * request.onupgradeneeded = () => upgradeStore(request.result, "shelf");
 * await new Promise((resolve) => (request.onsuccess = resolve));
 * const store = json(indexeddb({ database: request.result, storeName: "shelf" }));
 * await store.set("code", 1234, { ttl: 60_000 });
 * console.log(await store.take("code")); // 1234
 * ```
 */
export function indexeddb(options: IndexedDBOptions = {}): Store {
  return indexeddbFactory.build(indexeddbFactory.valid(options)) as Store;
}

const oneOf = (...values: readonly string[]): Rule => ({
  expected: values.map((value) => `"${value}"`).join(" or "),
  test: (value) => values.includes(value as string),
});

const cacheBytes: Rule = {
  expected: "a number of bytes, or 0",
  test: (value) => Number.isFinite(value) && (value as number) >= 0,
};

const none: Rule = { expected: "left out", test: () => false };

/** What it takes to say where: of a database of the store's own, or of the app's. A function, so that bundlers can leave it out. */
const placeOf = (database: unknown): Pick<Rules<IndexedDBOptions>, "database" | "storeName" | "persist"> =>
  Object(database) === database
    ? {
        database: { expected: "a name or an IDBDatabase", test: isDatabase },
        storeName: { ...nonEmptyString, required: true },
        persist: none,
      }
    : { database: nonEmptyString, storeName: none, persist: boolean };

/**
 * The factory of {@link indexeddb}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry } from "shelflife";
 * import { indexeddbFactory } from "shelflife/backends/indexeddb";
 *
 * const registry = createRegistry({ indexeddb: indexeddbFactory });
 * console.log(registry.methods()); // [ 'indexeddb' ]
 * ```
 */
export const indexeddbFactory: Factory<IndexedDBOptions> = {
  isAvailable: () => !!globalThis.indexedDB,
  valid: (parameters) =>
    checkOptions<IndexedDBOptions>("indexeddb", parameters, {
      ...storeRules,
      ...placeOf((parameters as IndexedDBOptions | undefined)?.database),
      durability: oneOf("relaxed", "strict"),
      cacheBytes,
      acknowledge: oneOf("committed", "buffered"),
      onError: callable,
    }),
  build(options) {
    const { database = "shelflife", storeName } = options;
    if (typeof database === "string")
      return storeOf(database, options, (lost) => createConnection(database, options, lost));
    const bare = checkDatabase(database, storeName!);
    const { stop, endable } = createEndable();
    const connect: Connect = (lost) => createAppConnection(bare, storeName!, options, stop, lost);
    return storeOf(`${bare.name}\0${storeName}`, options, connect, endable);
  },
};

export { upgradeStore, type DatabaseLike } from "./indexeddb/upgradeStore.ts";

/** What the origin keeps, and may keep, in bytes, and whether the browser promised not to evict it. */
export interface StorageUsage {
  readonly usage: number;
  readonly quota: number;
  readonly persisted: boolean;
}

/**
 * Reads how much of its quota the origin uses, as the browser estimates it. Rejects `unsupported` where the browser has
 * none: without HTTPS, or in a sandboxed frame.
 *
 * @example Warns when little room is left.
 * ```ts
 * import { storageUsage } from "shelflife";
 *
 * try {
 *   const { usage, quota } = await storageUsage();
 *   console.log(usage < quota * 0.9 ? "There is room" : "Little room is left"); // There is room
 * } catch {
 *   console.log("The browser does not say");
 * }
 * ```
 */
export async function storageUsage(): Promise<StorageUsage> {
  try {
    const { storage } = navigator;
    const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([storage.estimate(), storage.persisted()]);
    return { usage, quota, persisted };
  } catch (cause) {
    const message = `Cannot estimate the usage: expected navigator.storage to answer, got ${cause}`;
    throw new StoreError("unsupported", message, { cause });
  }
}

/** Returns a store over a connection. Those of one name hear of each other. */
function storeOf(
  name: string,
  options: Omit<IndexedDBOptions, "database">,
  connect: Connect,
  adapt = (backend: CompleteBackend) => backend,
): Store {
  const { cacheBytes = 4 << 20 } = options;
  const changes = createChanges(name, () => queue.connect());
  const cache = createCache(cacheBytes);
  const queue = createTransactionQueue(cache, connect, sweepWork, changes);

  const backend: CompleteBackend = {
    returnsCopies: true,
    holdsNothing: true,
    isPersistent: () => true,
    get: (key, call) => queue.get(key, call, (record) => toEntry(key, record)),
    getMany: (keys, call) =>
      queue.add({
        call,
        async run(_, __, snapshot) {
          const give = await cache.getMany(snapshot, keys);
          return keys.map((key) => toEntry(key, give(key)));
        },
      }),
    set: (key, entry, call) =>
      queue.add({
        write: true,
        isRepeatable: true,
        call,
        key,
        size: entry.value.length,
        run: (entries, changes) => put(entries, changes, key, entry),
      }),
    setMany: (items, call) =>
      queue.add({
        write: true,
        isRepeatable: true,
        call,
        isLast: call.isLast,
        run: (entries, changes) => items.forEach(([key, entry]) => put(entries, changes, key, entry)),
      }),
    delete: async (key, call) => (await removeMany([key], call)) > 0,
    deleteMany: removeMany,
    mutate: (key, decide, call) => queue.add({ ...mutationOf(cache, [key], ([found]) => [decide(found)], call), key }),
    mutateMany: (keys, decide, call) => queue.add(mutationOf(cache, keys, decide, call)),
    list: (options, call) => queue.add({ call, run: (entries) => listPage(entries, options) }),
    listEntries: (options, call) => queue.add({ call, run: (entries) => listEntries(entries, options) }),
    listKeys: (options, call) => queue.add({ call, run: (entries) => listKeys(entries, options) }),
    clear: ({ prefix }, call) =>
      queue.add({
        write: true,
        call,
        async run(entries, changes) {
          const range = rangeOf(prefix);
          const expired = new Set(await ask(findExpired(entries, call.now())));
          for (const key of await ask(entries.getAllKeys(range) as IDBRequest<string[]>)) {
            changes.push({ type: expired.has(key) ? "expire" : "delete", key });
          }
          if (range) entries.delete(range);
          else entries.clear();
        },
      }),
    sweep: (call) => sweep({}, call),
    sweepWithin: sweep,
    soonest: (call) => queue.add({ call, run: findSoonest }),
    watch(_, observer, { now }) {
      const last = queue.lastMark();
      const { begin, stop } = changes.watch(observer, last && Infinity);
      // After what was asked for before, and before what is asked for later.
      queue.add({ call: { now }, run: (entries) => (last ?? readLast(entries)).then(begin) }).catch(observer.failed);
      // Reported there.
      last?.catch(() => {});
      return stop;
    },
    async close() {
      await queue.close();
      changes.close();
    },
  };
  return createCompleteStore(adapt(options.acknowledge === "buffered" ? buffered(backend, options) : backend), options);

  async function sweep({ prefix }: { readonly prefix?: string }, call: Call): Promise<number> {
    let count = 0;
    for (let swept = sweepSize; swept === sweepSize; count += swept) swept = await queue.add(sweepWork(call, prefix));
    return count;
  }

  function removeMany(keys: readonly string[], call: Call): Promise<number> {
    return queue.add({
      write: true,
      call,
      async run(entries, changes) {
        const found = await Promise.all(keys.map((key) => ask(entries.get(key))));
        return keys.filter((key, index) => remove(entries, changes, key, found[index], call)).length;
      },
    });
  }
}
