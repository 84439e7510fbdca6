// What the tests use inside a page or worker: the built package, IndexedDB as it is, and a way to tell what came of calls.
import { cached, indexeddb, isStoreError, storageUsage } from "shelflife";
import type { Change, Store } from "shelflife";

/** What came of a call, as JSON can carry it. */
export interface Outcome {
  value?: unknown;
  code?: string;
  key?: string;
  message?: string;
  cause?: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const stray: string[] = [];
addEventListener("error", (event) => stray.push(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => {
  stray.push(`unhandled: ${String(event.reason)}`);
});

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.length > 64 ? value.length : decoder.decode(value);
  return Array.isArray(value) ? value.map(plain) : value;
}

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

export const shelf = {
  cached,
  indexeddb,
  storageUsage,
  isStoreError,
  request,
  /** Errors and rejections that nobody handled. */
  stray,
  bytes: (text: string): Uint8Array => encoder.encode(text),
  /** So many bytes that no disk can make smaller. */
  noise(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, size)));
    return bytes;
  },
  text: (bytes: Uint8Array | undefined): string | undefined => bytes && decoder.decode(bytes),
  pause: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),

  /** Waits for a call, but not for ever. */
  async outcome(call: Promise<unknown>, ms = 20_000): Promise<Outcome> {
    const late = new Promise<Outcome>((resolve) => setTimeout(() => resolve({ code: `not settled in ${ms} ms` }), ms));
    const settled = call.then(
      (value) => ({ value: plain(value) }),
      (error: unknown) => {
        if (!isStoreError(error)) return { code: `no StoreError: ${String(error)}` };
        const { code, key, message, cause } = error;
        return {
          code,
          message,
          ...(key !== undefined && { key }),
          ...(cause !== undefined && { cause: String(cause) }),
        };
      },
    );
    return Promise.race([settled, late]);
  },
  outcomes: (calls: readonly Promise<unknown>[], ms?: number): Promise<Outcome[]> =>
    Promise.all(calls.map((call) => shelf.outcome(call, ms))),

  /** Opens a database past the package. It holds on to it, unless it is told to let go. */
  async raw(name: string, { version, upgrade, lets = true }: RawOptions = {}): Promise<IDBDatabase> {
    const opening = indexedDB.open(name, version);
    opening.onupgradeneeded = () => upgrade?.(opening.result);
    const database = await request(opening);
    if (lets) database.onversionchange = () => database.close();
    return database;
  },
  remove: (name: string): Promise<unknown> => request(indexedDB.deleteDatabase(name)),
  /** Puts a record past the package, in a database of its own making. */
  async putRaw(name: string, records: readonly (readonly [key: string, record: unknown])[]): Promise<void> {
    const database = await shelf.raw(name);
    const transaction = database.transaction("entries", "readwrite");
    for (const [key, record] of records) transaction.objectStore("entries").put(record, key);
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    database.close();
  },

  /** Counts the transactions that are begun while some work runs. */
  async transactionsOf(work: () => Promise<unknown>): Promise<number> {
    const { transaction } = IDBDatabase.prototype;
    let count = 0;
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
      count++;
      return transaction.apply(this, args);
    };
    try {
      await work();
    } finally {
      IDBDatabase.prototype.transaction = transaction;
    }
    return count;
  },

  /** Collects what a watch tells, from when it is promised to. */
  async watching(store: Store): Promise<string[]> {
    const told: string[] = [];
    const changes = store.watch();
    void (async () => {
      for await (const { type, key } of changes as AsyncIterable<Change>) told.push(`${type} ${key}`);
    })();
    // A call that comes after the watch is answered once the watch has begun.
    await store.find("a key that nobody uses");
    return told;
  },

  /** Runs a function, given as text, and answers on a port. */
  async answer(source: string, args: unknown[], port: { postMessage(message: unknown): void }): Promise<void> {
    try {
      // eslint-disable-next-line no-eval
      const run = (0, eval)(`(${source})`) as (...args: unknown[]) => unknown;
      port.postMessage({ value: await run(...args) });
    } catch (error) {
      port.postMessage({ error: String(error) });
    }
  },
};

interface RawOptions {
  version?: number;
  upgrade?: (database: IDBDatabase) => void;
  lets?: boolean;
}

declare global {
  // eslint-disable-next-line no-var
  var shelf: typeof import("./shelf.ts").shelf;
  /** What a test wants to find again in a later call. */
  // eslint-disable-next-line no-var
  var kept: any;
}
