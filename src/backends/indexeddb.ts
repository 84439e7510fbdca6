import {
  UNCHANGED,
  type FullBackend,
  type Call,
  type Change,
  type Entry,
  type Listed,
  type Store,
} from "../core/contract.ts";
import { createFullStore } from "../core/createFullStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { createSharedHub } from "../core/hub.ts";
import { boolean, checkOptions, nonEmptyString, storeRules, type Rule, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { createQueue, Refusal, type Work } from "./_queue.ts";

/** Where an IndexedDB store keeps its entries, and how firmly. */
export interface IndexedDBOptions extends StoreOptions {
  /** The name of the database, which belongs to the store alone. @default "shelflife" */
  database?: string | undefined;
  /**
   * Whether a write is committed when it is handed to the operating system (`relaxed`) or when the disk has it
   * (`strict`), where the browser makes that difference. @default "relaxed"
   */
  durability?: "relaxed" | "strict" | undefined;
  /** Asks the browser, at the first call, not to evict the origin's data. No call waits for the answer. @default false */
  persist?: boolean | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    indexeddb: IndexedDBOptions;
  }
}

/** A record as it lies in the database: the value, and its deadline if it has one, which the index is made of. */
interface Stored {
  readonly v: Uint8Array;
  readonly e?: number;
}

/**
 * Returns a store in IndexedDB, for pages and workers. The database is opened at the first call, and opened again when
 * the browser closed it. Concurrent calls share transactions. What the origin's quota has no room for is
 * `quota-exceeded`, after expired entries were removed, and leaves the old value; a database that cannot be opened is
 * `unavailable`, and the next call tries again. Throws `bad-config`.
 */
export function indexeddb(options: IndexedDBOptions = {}): Store {
  return indexeddbFactory.build(indexeddbFactory.valid(options)) as Store;
}

const durability: Rule = {
  expected: '"relaxed" or "strict"',
  test: (value) => value === "relaxed" || value === "strict",
};

export const indexeddbFactory: Factory<IndexedDBOptions> = {
  valid: (parameters) =>
    checkOptions<IndexedDBOptions>("indexeddb", parameters, {
      ...storeRules,
      database: nonEmptyString,
      durability,
      persist: boolean,
    }),
  build: (options) => createFullStore(indexeddbBackend(options), options),
};

/** What the origin keeps, and may keep, in bytes, and whether the browser promised not to evict it. */
export interface StorageUsage {
  readonly usage: number;
  readonly quota: number;
  readonly persisted: boolean;
}

/** Reads how much of its quota the origin uses, as the browser estimates it. Rejects `unsupported` where it does not tell. */
export async function storageUsage(): Promise<StorageUsage> {
  const { storage } = navigator;
  if (!storage?.estimate) throw new StoreError("unsupported", "Browser does not tell: expected navigator.storage");
  const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([storage.estimate(), storage.persisted()]);
  return { usage, quota, persisted };
}

const version = 1;
const storeName = "entries";
const indexName = "expiry";
// One round of a sweep: so many that it is fast, so few that other tabs are not kept waiting.
const sweepSize = 500;
// One step of a listing reads values, too, for their sizes: as many as make about so many bytes.
const pageBytes = 1 << 20;

function indexeddbBackend({
  database = "shelflife",
  persist,
  durability = "relaxed",
  now = Date.now,
}: IndexedDBOptions): FullBackend {
  const hub = createSharedHub(`shelflife:${database}`);
  const queue = createQueue({ open, makeRoom: sweepWork({ now }), tell: hub.tell, begin });

  function open(lost: () => void): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(database, version);
      request.onupgradeneeded = () => void request.result.createObjectStore(storeName).createIndex(indexName, "e");
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const connection = request.result;
        // Another context deletes the database or opens a newer version: in its way we would block it for ever.
        connection.onclose = connection.onversionchange = lost;
        // Not awaited: the browser may leave the question to a person.
        if (persist) navigator.storage?.persist?.().catch(() => {});
        resolve(connection);
      };
    });
  }

  function begin(db: IDBDatabase, mode: IDBTransactionMode): IDBTransaction {
    return db.transaction(storeName, mode, { durability });
  }

  function put(entries: IDBObjectStore, changes: Change[], key: string, { value, expiresAt }: Entry): void {
    // Without a deadline the record is not in the index, and costs it nothing.
    entries.put(expiresAt === Infinity ? { v: value } : { v: value, e: expiresAt }, key);
    changes.push({ type: "set", key });
  }

  /** Removes a record that was read in this transaction, and tells whether it was a live one. */
  function remove(entries: IDBObjectStore, changes: Change[], key: string, stored: Stored | null | undefined): boolean {
    if (stored === undefined) return false;
    const isLive = deadlineOf(stored) > now();
    entries.delete(key);
    changes.push({ type: isLive ? "delete" : "expire", key });
    return isLive;
  }

  return {
    returnsCopies: true,
    isPersistent: () => true,
    get: (key, call) =>
      queue.add({ write: false, call, key, run: async (entries) => toEntry(key, await ask(entries.get(key))) }),
    getMany: (keys, call) =>
      queue.add({
        write: false,
        call,
        run: (entries) => Promise.all(keys.map(async (key) => toEntry(key, await ask(entries.get(key))))),
      }),
    set: (key, entry, call) =>
      queue.add({
        write: true,
        isRepeatable: true,
        call,
        key,
        run: (entries, changes) => put(entries, changes, key, entry),
      }),
    setMany: (items, call) =>
      queue.add({
        write: true,
        isRepeatable: true,
        call,
        run: (entries, changes) => items.forEach(([key, entry]) => put(entries, changes, key, entry)),
      }),
    delete: async (key, call) => (await removeMany([key], call)) > 0,
    deleteMany: removeMany,
    mutate: (key, decide, call) =>
      queue.add({
        write: true,
        call,
        key,
        async run(entries, changes) {
          const stored = await ask(entries.get(key));
          const current = toEntry(key, stored);
          let next: ReturnType<typeof decide>;
          try {
            next = decide(current);
          } catch (error) {
            throw new Refusal(error);
          }
          if (next === UNCHANGED) return;
          if (next) put(entries, changes, key, next);
          else remove(entries, changes, key, stored);
        },
      }),
    list: ({ prefix, limit, cursor }, call) =>
      queue.add({
        write: false,
        call,
        async run(entries) {
          const listed: Listed[] = [];
          for (let wanted = 64; ;) {
            const count = Math.min(wanted, limit - listed.length);
            const range = rangeOf(prefix, cursor);
            // One key more, to know whether there is one more.
            const [keys, values] = await Promise.all([
              ask(entries.getAllKeys(range, count + 1) as IDBRequest<string[]>),
              ask(entries.getAll(range, count) as IDBRequest<(Stored | null)[]>),
            ]);
            let bytes = 1;
            values.forEach((stored, index) => {
              // A damaged record is listed, too: reading it says what is wrong, deleting it helps.
              const size = stored?.v?.length;
              bytes += size ?? 0;
              listed.push({ key: keys[index]!, expiresAt: deadlineOf(stored), size });
            });
            if (keys.length <= count) return { entries: listed };
            cursor = keys[count - 1]!;
            if (listed.length === limit) return { entries: listed, cursor };
            wanted = Math.ceil((pageBytes * count) / bytes);
          }
        },
      }),
    clear: ({ prefix }, call) =>
      queue.add({
        write: true,
        call,
        async run(entries, changes) {
          const range = rangeOf(prefix);
          const expired = new Set(await ask(findExpired(entries, now())));
          for (const key of await ask(entries.getAllKeys(range) as IDBRequest<string[]>)) {
            changes.push({ type: expired.has(key) ? "expire" : "delete", key });
          }
          if (range) entries.delete(range);
          else entries.clear();
        },
      }),
    async sweep(call) {
      let count = 0;
      for (let swept = sweepSize; swept === sweepSize; count += swept) swept = await queue.add(sweepWork(call));
      return count;
    },
    watch: (_, observer) => hub.watch(observer),
    async close() {
      await queue.close();
      hub.close();
    },
  };

  function removeMany(keys: readonly string[], call: Call): Promise<number> {
    return queue.add({
      write: true,
      call,
      async run(entries, changes) {
        const found = await Promise.all(keys.map((key) => ask(entries.get(key))));
        return keys.filter((key, index) => remove(entries, changes, key, found[index])).length;
      },
    });
  }
}

/** One round of a sweep: finds by the index what has expired and removes it. */
function sweepWork(call: Call): Work<number> {
  return {
    write: true,
    call,
    async run(entries, changes) {
      const keys = await ask(findExpired(entries, call.now(), sweepSize));
      for (const key of keys) {
        entries.delete(key);
        changes.push({ type: "expire", key });
      }
      return keys.length;
    },
  };
}

function findExpired(entries: IDBObjectStore, now: number, count?: number): IDBRequest<string[]> {
  return entries.index(indexName).getAllKeys(IDBKeyRange.upperBound(now), count) as IDBRequest<string[]>;
}

/** The result of a request. Its failure takes the transaction down, and is told there. */
function ask<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The deadline of a record, or `Infinity` for one that is damaged. */
function deadlineOf(stored: Stored | null): number {
  return Number.isFinite(stored?.e) ? stored!.e! : Infinity;
}

function toEntry(key: string, stored: Stored | null | undefined): Entry | undefined {
  if (stored === undefined) return undefined;
  const isWhole = Object.prototype.toString.call(stored?.v) === "[object Uint8Array]";
  if (isWhole && Number.isFinite(stored!.e ?? 0)) return { value: stored!.v, expiresAt: deadlineOf(stored) };
  const message = `Cannot decode key ${quote(key)}: expected a record of this version`;
  throw new Refusal(new StoreError("cant-decode", message, { key }));
}

/** The keys that begin with a prefix and come after a key, in the order of UTF-16 units; `undefined` for all. */
function rangeOf(prefix: string, after?: string): IDBKeyRange | undefined {
  const isInside = after !== undefined && after >= prefix;
  const lower = isInside ? after : prefix;
  // The first string that comes after all that begin with the prefix: its last unit raised by one.
  const stem = prefix.replace(/\uffff+$/, "");
  if (!stem) return lower ? IDBKeyRange.lowerBound(lower, isInside) : undefined;
  const upper = stem.slice(0, -1) + String.fromCharCode(stem.charCodeAt(stem.length - 1) + 1);
  return IDBKeyRange.bound(lower, upper, isInside, true);
}
