import type { CompleteBackend, Observer } from "../../core/contract.ts";
import { kindOf, quote, StoreError } from "../../core/error.ts";
import { checkOptions, nonEmptyString } from "../../core/options.ts";
import { unwrapDatabase } from "../../core/unwrapDatabase.ts";
import type { Connection } from "./connection.ts";
import { expiryIndex } from "./listing.ts";
import { shapeOf } from "./openOurs.ts";

/** An `IDBDatabase`, or one in a proxy of the `idb` package. */
export interface DatabaseLike {
  readonly name: string;
  readonly objectStoreNames: { readonly length: number };
  createObjectStore(...args: any[]): unknown;
}

/**
 * Makes what a store needs in an app's database, unless it is there: an object store of that name, and one of that name with
 * `-marks` behind it. To be called in the app's own upgrade, for any version. Throws `bad-config` outside of one, and where the app
 * has made one of the two for itself.
 *
 * @example Makes room for a store in an upgrade.
 * ```ts
 * import { upgradeStore } from "shelflife/backends/indexeddb";
 * import { openDB } from "idb";
 *
 * const database = await openDB("upgraded", 1, { upgrade: (made) => upgradeStore(made, "shelf") });
 * console.log([...database.objectStoreNames].join()); // shelf,shelf-marks
 * ```
 */
export function upgradeStore(database: DatabaseLike, storeName: string): void {
  checkOptions("indexeddb", { storeName }, { storeName: { ...nonEmptyString, required: true } });
  makeStores(database as IDBDatabase, storeName);
}

/** The object stores of one store in an app's database, in the order of their names. */
const namesOf = (storeName: string): [entries: string, marks: string] => [storeName, `${storeName}-marks`];

/** Whether a value is a database, or a proxy of one. */
export const isDatabase = (value: unknown): boolean => kindOf(value) === "IDBDatabase";

function refuse(expected: string, got: string, cause?: unknown): never {
  throw new StoreError("bad-config", `Cannot open store "indexeddb": expected ${expected}, got ${got}`, { cause });
}

/** Makes the object stores of a store in a database that is being upgraded, unless they are there. Throws `bad-config`. */
function makeStores(given: IDBDatabase, storeName: string): void {
  if (!isDatabase(given)) refuse("an IDBDatabase", quote(given));
  const database = unwrapDatabase(given);
  const missing = namesOf(storeName).filter((name) => !database.objectStoreNames.contains(name));
  if (!missing.length) return;
  if (missing.length < 2) refuse(`names that the app has no object store of, ${quote(namesOf(storeName).join(", "))}`, "one of the app's"); // prettier-ignore
  try {
    database.createObjectStore(storeName).createIndex(expiryIndex, "e");
    database.createObjectStore(missing[1]!, { autoIncrement: true });
  } catch (cause) {
    refuse("a database that is being upgraded", `${cause}`, cause);
  }
}

/** Returns an app's database that is open and has the object stores. Throws `bad-config`. */
export function checkDatabase(given: unknown, storeName: string): IDBDatabase {
  const database = unwrapDatabase(given);
  const names = namesOf(storeName);
  const [first, second] = names;
  const found = names.filter((name) => database.objectStoreNames.contains(name));
  let shape = "";
  try {
    const transaction = found.length ? database.transaction(found) : undefined;
    if (transaction) shape = shapeOf(transaction, transaction);
  } catch (cause) {
    refuse("a database that is open, and not being upgraded", `${cause}`, cause);
  }
  if (shape !== `${first} null false expiry e,${second} null true`)
    refuse(`what upgradeStore makes of ${quote(storeName)}`, quote(shape));
  return database;
}

/** How transactions of an app's connection are made. */
export interface AppConnectionOptions {
  readonly durability?: "relaxed" | "strict" | undefined;
}

/**
 * Returns what a store uses of an app's connection, which it never closes. When that is asked to make way, or is closed, the store stops
 * for good: `stopped` is called with the reason, then `lost`.
 */
export function createAppConnection(
  database: IDBDatabase,
  storeName: string,
  { durability = "relaxed" }: AppConnectionOptions,
  stopped: (reason: StoreError) => void,
  lost: () => void,
): Connection {
  let refusal: Promise<void> | undefined;

  function lose(): void {
    for (const type of ["close", "versionchange"]) database.removeEventListener(type, stop);
    lost();
  }

  function stop(event?: Event, cause?: unknown): StoreError {
    const message = "Cannot reach the app's database: expected its connection to be open, and not asked to make way";
    const reason = new StoreError("unavailable", message, { cause });
    if (refusal) return reason;
    refusal = Promise.reject(reason);
    // Those who are to know of it ask for it.
    refusal.catch(() => {});
    stopped(reason);
    lose();
    if (event?.type === "close") connection.onclose?.();
    return reason;
  }

  for (const type of ["close", "versionchange"]) database.addEventListener(type, stop);

  const connection: Connection = {
    open: () => refusal,
    begin(mode) {
      if (refusal) throw stop();
      try {
        return database.transaction(namesOf(storeName), mode, { durability }).objectStore(storeName);
      } catch (cause) {
        // The app has closed it.
        throw stop(undefined, cause);
      }
    },
    lose,
  };
  return connection;
}

/** Returns what makes a backend whose watches all end, with the reason, when `stop` is called. */
export function createEndable(): {
  stop(this: void, reason: StoreError): void;
  endable(this: void, backend: CompleteBackend): CompleteBackend;
} {
  const observers = new Set<Observer>();
  return {
    stop: (reason) => observers.forEach(({ failed }) => failed(reason)),
    endable: (backend) => ({
      ...backend,
      async watch(options, observer, call) {
        observers.add(observer);
        const stop = await backend.watch(options, observer, call);
        return () => {
          observers.delete(observer);
          stop();
        };
      },
    }),
  };
}
