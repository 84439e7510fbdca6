import type { CompleteBackend, Observer } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { unwrapDatabase } from "../../core/unwrapDatabase.ts";
import type { Connection } from "./connection.ts";
import { shapeOf } from "./openOurs.ts";
import { namesOf, refuse } from "./upgradeStore.ts";

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
