import { expiryIndex } from "./listing.ts";
import { markStore } from "./marks.ts";

/** The connection to a database: opened when it is needed, and again when it was lost. */
export interface Connection {
  /** Opens the database, unless it is open. A failure is not kept: the next call tries again. */
  open(): Promise<void> | undefined;
  /** Begins a transaction, on a new connection if there is none. */
  begin(mode: IDBTransactionMode): IDBObjectStore | Promise<IDBObjectStore>;
  /** Gives the connection back: it is not needed any more, or was found closed. */
  lose(): void;
}

/** Which database is opened, and how. */
export interface DatabaseOptions {
  readonly database: string;
  readonly durability?: "relaxed" | "strict" | undefined;
  /** Whether the browser is asked not to evict the origin's data. */
  readonly persist?: boolean | undefined;
}

// The second has marks.
const version = 2;
const storeName = "entries";

/** Returns the connection to a database. `lost` is called whenever it is gone. */
export function createConnection(
  { database: name, durability = "relaxed", persist }: DatabaseOptions,
  lost: () => void,
): Connection {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;

  function lose(): void {
    database?.close();
    database = undefined;
    lost();
  }

  function open(): Promise<void> | undefined {
    if (database) return undefined;
    opening ??= new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name, version);
      request.onupgradeneeded = ({ oldVersion }) => {
        if (!oldVersion) request.result.createObjectStore(storeName).createIndex(expiryIndex, "e");
        request.result.createObjectStore(markStore, { autoIncrement: true });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        database = request.result;
        // Another context deletes the database or opens a newer version: in its way we would block it for ever.
        database.onclose = database.onversionchange = lose;
        // Not awaited: the browser may leave the question to a person.
        if (persist) navigator.storage?.persist?.().catch(() => {});
        resolve();
      };
    }).finally(() => (opening = undefined));
    return opening;
  }

  function start(mode: IDBTransactionMode): IDBObjectStore {
    return database!.transaction([storeName, markStore], mode, { durability }).objectStore(storeName);
  }

  return {
    open,
    begin(mode) {
      try {
        return start(mode);
      } catch {
        // There is no connection, or the browser is closing it and has not said so.
        lose();
        return open()!.then(() => start(mode));
      }
    },
    lose,
  };
}
