// What the tests use inside a page or worker: the built package, IndexedDB past it, and a way to report what came of calls.
import { deleteDB, openDB, type IDBPDatabase } from "idb";
import { cached, indexeddb, isStoreError, storageUsage } from "shelflife";
import type { Change, Store } from "shelflife";
import { beginTransfer, readTransfer, transfer } from "../support/transfer.ts";

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
/** Errors and rejections that nobody handled. */
const stray: string[] = [];
addEventListener("error", (event) => stray.push(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => {
  stray.push(`unhandled: ${String(event.reason)}`);
});
Object.assign(globalThis, { stray });

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.length > 64 ? value.length : decoder.decode(value);
  return Array.isArray(value) ? value.map(plain) : value;
}

export const shelf = {
  cached,
  indexeddb,
  storageUsage,
  isStoreError,
  beginTransfer,
  readTransfer,
  transfer,
  bytes: (text: string): Uint8Array => encoder.encode(text),
  /** So many bytes that no disk can make smaller. */
  noise(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, size)));
    return bytes;
  },
  text: (bytes: Uint8Array | undefined): string | undefined => bytes && decoder.decode(bytes),
  pause: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),
  /** Waits until a condition holds, so long that only a hang takes longer. */
  async until(condition: () => unknown, ms = 60_000): Promise<void> {
    for (const end = Date.now() + ms; !(await condition());) {
      if (Date.now() > end) throw new Error(`Expected within ${ms} ms: ${condition}`);
      await shelf.pause(2);
    }
  },

  /** Waits for a call, so long that only one that hangs takes longer. */
  async outcome(call: Promise<unknown>, ms = 100_000): Promise<Outcome> {
    const late = new Promise<Outcome>((resolve) => setTimeout(() => resolve({ code: `not settled in ${ms} ms` }), ms));
    const settled = call.then(
      (value) => (value === undefined ? {} : { value: plain(value) }),
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
  outcomes: (calls: readonly Promise<unknown>[]): Promise<Outcome[]> =>
    Promise.all(calls.map((call) => shelf.outcome(call))),
  /** What came of calls in short: what they resolved with, `done` for nothing, or their error's code, and its key if it has one. */
  async codes(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
    const outcomes = await shelf.outcomes(calls);
    return outcomes.map(({ code, key, value }) => (code ? `${code} ${key ?? ""}`.trim() : (value ?? "done")));
  },

  /** Opens a database past the package. It lets go of it when another context wants to change it, unless it holds on. */
  raw(name: string, { version, upgrade, holds = false }: RawOptions = {}): Promise<IDBPDatabase> {
    return openDB(name, version, {
      upgrade,
      blocking: (_current, _wanted, { target }) => void (holds || (target as IDBDatabase).close()),
    });
  },
  remove: deleteDB,
  /** Puts records past the package, in a database of its own making. */
  async putRaw(name: string, records: readonly (readonly [key: string, record: unknown])[]): Promise<void> {
    const database = await openDB(name);
    const { store, done } = database.transaction("entries", "readwrite");
    await Promise.all([...records.map(([key, record]) => store.put(record, key)), done]);
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

  /** Collects what a watch reports, from when it is promised to. */
  async watching(store: Store): Promise<string[]> {
    const changed: string[] = [];
    const changes = store.watch();
    void (async () => {
      for await (const change of changes as AsyncIterable<Change>) {
        changed.push(change.type === "resync" ? change.type : `${change.type} ${change.key}`);
      }
    })();
    // A call that comes after the watch is answered once the watch has begun.
    await store.find("a key that nobody uses");
    return changed;
  },

  /** Waits until a change is the last that was reported, and a moment longer: what comes too often comes soon. */
  async untilLast(changes: readonly string[], change: string): Promise<void> {
    await shelf.until(() => changes.at(-1) === change);
    await shelf.pause(100);
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
  upgrade?: (database: IDBPDatabase) => void;
  holds?: boolean;
}
