import type { BareChange } from "../changes.ts";
import { BrowserLevel } from "browser-level";
import Dexie from "dexie";
import * as idbKeyval from "idb-keyval";
import localforage from "localforage";
import { createStorage } from "unstorage";
import unstorageDriver from "unstorage/drivers/indexedb";
import { indexeddb } from "../../src/backends/indexeddb.ts";
import { cached } from "../../src/views/cached.ts";
import { json } from "../../src/views/json.ts";
import { listKeys } from "../storePeer.ts";
import type { Items, Make, Makes, PagePeer } from "./work.ts";

interface Ours {
  isJson?: boolean;
  /** A deadline for each. */
  ttl?: number;
  acknowledge?: "buffered";
  /** Reads from memory, within so many bytes. */
  maxBytes?: number;
  /** How much the store itself holds in memory. */
  cacheBytes?: number;
}

/** A store of ours. */
export function shelflife({ isJson = false, ttl, acknowledge, maxBytes, cacheBytes }: Ours = {}): Make {
  return (database) => {
    const inner = indexeddb({ database, sweepInterval: Infinity, acknowledge, cacheBytes });
    const bytes = maxBytes === undefined ? inner : cached(inner, { maxBytes });
    const store = isJson ? json<any>(bytes) : bytes;
    const options = ttl === undefined ? undefined : { ttl };
    return {
      set: (key, value, ttl) => store.set(key, value, ttl === undefined ? options : { ttl }),
      get: (key) => store.find(key),
      setMany: (items) =>
        store.setMany(
          ttl === undefined ? (items as never) : items.map(([key, value]) => [key, value as never, options] as const),
        ),
      getMany: (keys) => store.findMany(keys),
      keys: () => listKeys(store),
      ...(acknowledge && { flush: () => store.flush() }),
      close: () => store.close(),
    };
  };
}

const idbKeyvalPeer: Make = (name) => {
  const store = idbKeyval.createStore(name, "keyval");
  return {
    set: (key, value) => idbKeyval.set(key, value, store),
    get: (key) => idbKeyval.get(key, store),
    setMany: (items) => idbKeyval.setMany(items, store),
    getMany: (keys) => idbKeyval.getMany(keys, store),
    keys: () => idbKeyval.keys(store),
    close: () => store("readonly", (entries: IDBObjectStore) => entries.transaction.db.close()),
  };
};

const localforagePeer: Make = (name) => {
  const forage = localforage.createInstance({ name, driver: localforage.INDEXEDDB });
  return {
    set: (key, value) => forage.setItem(key, value),
    get: (key) => forage.getItem(key),
    keys: () => forage.keys(),
  };
};

const unstoragePeer =
  (isJson: boolean): Make =>
  (name) => {
    const storage = createStorage({ driver: unstorageDriver({ dbName: name, storeName: "entries", base: "" }) });
    return {
      set: isJson ? (key, value) => storage.setItem(key, value) : (key, value) => storage.setItemRaw(key, value),
      get: isJson ? (key) => storage.getItem(key) : (key) => storage.getItemRaw(key),
      keys: () => storage.getKeys(),
    };
  };

const dexie: Make = (name) => {
  const database = new Dexie(name);
  database.version(1).stores({ entries: "" });
  const table = database.table("entries");
  return {
    set: (key, value) => table.put(value, key),
    get: (key) => table.get(key),
    setMany: (items) =>
      table.bulkPut(
        items.map(([, value]) => value),
        items.map(([key]) => key),
      ),
    getMany: (keys) => table.bulkGet(keys),
    keys: () => table.toCollection().primaryKeys(),
    close: () => database.close(),
  };
};

const level =
  (isJson: boolean): Make =>
  (name) => {
    const db = new BrowserLevel(name, { keyEncoding: "utf8", valueEncoding: isJson ? "json" : "view" });
    return {
      set: (key, value) => db.put(key, value),
      get: (key) => db.get(key),
      setMany: (items) => db.batch(items.map(([key, value]) => ({ type: "put", key, value }))),
      getMany: (keys) => db.getMany(keys),
      keys: () => db.keys().all(),
      close: () => db.close(),
    };
  };

/** What one would write by hand for each of the works, with the same durability and no promise of ours. */
const bare = (name: string): ReturnType<Make> & Pick<BareChange, "change"> => {
  const opening = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore("entries");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let database: IDBDatabase | undefined;
  void opening.then((opened) => (database = opened));
  const begin = (mode: IDBTransactionMode, database: IDBDatabase): IDBObjectStore =>
    database.transaction("entries", mode, { durability: "relaxed" }).objectStore("entries");
  const done = (entries: IDBObjectStore): Promise<void> =>
    new Promise((resolve, reject) => {
      entries.transaction.oncomplete = () => resolve();
      entries.transaction.onabort = () => reject(entries.transaction.error);
      entries.transaction.commit?.();
    });
  const ask = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  return {
    async set(key, value) {
      const entries = begin("readwrite", database ?? (await opening));
      entries.put(value, key);
      await done(entries);
    },
    get: async (key) => ask(begin("readonly", database ?? (await opening)).get(key)),
    async setMany(items) {
      const entries = begin("readwrite", database ?? (await opening));
      for (const [key, value] of items) entries.put(value, key);
      await done(entries);
    },
    async getMany(keys) {
      const entries = begin("readonly", database ?? (await opening));
      // By range only where most of the range is wanted.
      if (keys.length < 1000) return Promise.all(keys.map((key) => ask(entries.get(key))));
      const sorted = [...keys].sort();
      const range = IDBKeyRange.bound(sorted[0], sorted.at(-1));
      const [found, values] = await Promise.all([ask(entries.getAllKeys(range)), ask(entries.getAll(range))]);
      const all = new Map(found.map((key, index) => [key, values[index]]));
      return keys.map((key) => all.get(key));
    },
    keys: async () => ask(begin("readonly", database ?? (await opening)).getAllKeys()),
    async change(keys, values) {
      const entries = begin("readwrite", database ?? (await opening));
      const given = await Promise.all(keys.map((key) => ask(entries.get(key))));
      values.forEach((value, index) => entries.put(value, keys[index]));
      await done(entries);
      return [given, values.map((value) => new Uint8Array(value))];
    },
    close: async () => (await opening).close(),
  };
};

/** The bare way whose bursts are one transaction. */
const bareAtOnce: Make = (name) => {
  const peer = bare(name);
  let sets: [key: string, value: unknown][] = [];
  let gets: string[] = [];
  let setting: Promise<unknown> | undefined;
  let getting: Promise<unknown[]> | undefined;
  return {
    ...peer,
    set(key, value) {
      sets.push([key, value]);
      return (setting ??= Promise.resolve().then(() => {
        const items: Items = sets;
        [sets, setting] = [[], undefined];
        return peer.setMany!(items);
      }));
    },
    async get(key) {
      const index = gets.push(key) - 1;
      getting ??= Promise.resolve().then(() => {
        const keys = gets;
        [gets, getting] = [[], undefined];
        return keys.length > 1 ? peer.getMany!(keys) : Promise.all(keys.map(peer.get));
      });
      return (await getting)[index];
    },
  } satisfies PagePeer;
};

/** The name of the bare platform. */
export const floor = "bare IndexedDB";

/** Returns what changes what is there by hand, a transaction for each change. */
export function bareChange(database: string): BareChange {
  const { setMany, getMany, change } = bare(database);
  return { name: floor, setMany: setMany!, findMany: (keys) => getMany!(keys), change };
}

/** Opens the peers, with JSON values or with bytes. */
export function makes({ isJson = false } = {}): Makes {
  return {
    shelflife: shelflife({ isJson }),
    "idb-keyval": idbKeyvalPeer,
    localForage: localforagePeer,
    unstorage: unstoragePeer(isJson),
    Dexie: dexie,
    "browser-level": level(isJson),
    [floor]: bareAtOnce,
  };
}
