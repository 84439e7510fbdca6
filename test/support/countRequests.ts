import { indexeddb } from "../../src/index.ts";
import type { Store } from "../../src/index.ts";
import { utf8 } from "./bytes.ts";

/** What the keys are given. */
export const value = utf8("value");

/** Keys of a name and a number. */
export const keysOf = (count: number, name = "key"): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);
let databases = 0;

export interface Counted {
  /** The modes of the transactions that were begun. */
  readonly transactions: string[];
  /** How many requests were made, by the name of the method. */
  readonly requests: Record<string, number>;
  /** How many requests were refused: that is how it is asked whether a transaction is active, which is slow. */
  refused: number;
  /** How many records were handed over. */
  records: number;
  /** How many transactions were under way at once, at most. */
  atOnce: number;
}

/** Counts what is asked of IndexedDB while some work runs. */
export async function counting(work: () => Promise<unknown>): Promise<Counted> {
  const counted: Counted = { transactions: [], requests: {}, refused: 0, records: 0, atOnce: 0 };
  let underWay = 0;
  const originals: (() => void)[] = [];
  const spy = <T extends object>(target: T, name: keyof T & string, note: (result: any, args: any[]) => void): void => {
    const original = target[name] as (...args: unknown[]) => unknown;
    originals.push(() => (target[name] = original as T[typeof name]));
    target[name] = function (this: unknown, ...args: unknown[]) {
      let result: unknown;
      try {
        result = original.apply(this, args);
      } catch (error) {
        counted.refused++;
        throw error;
      }
      note(result, args);
      return result;
    } as T[typeof name];
  };
  spy(IDBDatabase.prototype, "transaction", (transaction: IDBTransaction, [, mode]) => {
    counted.transactions.push(mode);
    counted.atOnce = Math.max(counted.atOnce, ++underWay);
    transaction.addEventListener("complete", () => underWay--);
  });
  for (const name of ["get", "getAll", "getAllKeys", "openKeyCursor", "put", "delete"] as const) {
    spy(IDBObjectStore.prototype, name, (request: IDBRequest<unknown[]>) => {
      counted.requests[name] = (counted.requests[name] ?? 0) + 1;
      if (name === "getAll") request.addEventListener("success", () => (counted.records += request.result.length));
    });
  }
  try {
    await work();
  } finally {
    for (const restore of originals) restore();
  }
  return counted;
}

/** Does work with a store on a database of its own, which is open. */
export async function withStore(
  work: (store: Store, database: string) => Promise<void>,
  options: Parameters<typeof indexeddb>[0] = {},
): Promise<void> {
  const database = `counts${++databases}`;
  const store = indexeddb({ database, ...options });
  try {
    await store.find("open");
    await work(store, database);
  } finally {
    await store.close();
  }
}

/** The same of a store that holds nothing in memory. */
export const withBareStore = (work: Parameters<typeof withStore>[0]): Promise<void> =>
  withStore(work, { cacheBytes: 0 });

/** Waits until no transaction is active: fake-indexeddb ends one in an immediate of its own, which a timer may come before. */
export async function later(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Makes a call for each key, all at once. */
export const all = (keys: readonly string[], call: (key: string) => Promise<unknown>): Promise<unknown> =>
  Promise.all(keys.map(call));
/** Gives each key a value. */
export const fill = (store: Store, keys: readonly string[]): Promise<void> =>
  store.setMany(keys.map((key) => [key, value]));
