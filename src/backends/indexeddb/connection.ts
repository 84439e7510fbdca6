import { StoreError } from "../../core/error.ts";
import { letExit } from "../../core/timers.ts";
import { markStore, openOurs, storeName } from "./openOurs.ts";

/** The connection to a database: opened when it is needed, and again when it was lost. */
export interface Connection {
  /** Opens the database, unless it is open. A failure is not kept: the next call tries again. */
  open(): Promise<void> | undefined;
  /** Begins a transaction, on a new connection if there is none. */
  begin(mode: IDBTransactionMode): IDBObjectStore | Promise<IDBObjectStore>;
  /** Gives the connection back: it is not needed any more, or was found closed. */
  lose(): void;
  /** Called when the browser has closed the connection, which says nothing else of a transaction under way. */
  onclose?(this: void): void;
}

/** Returns a connection. `lost` is called whenever it is gone. */
export type Connect = (lost: () => void) => Connection;

/** How a database is opened. */
export interface DatabaseOptions {
  readonly durability?: "relaxed" | "strict" | undefined;
  /** Whether the browser is asked not to evict the origin's data. */
  readonly persist?: boolean | undefined;
}

// How long an open may take: ms. Another context may be in its way for ever.
const patience = 10_000;

/** Returns the connection to a database of a store's own. `lost` is called whenever it is gone. */
export function createConnection(
  name: string,
  { durability = "relaxed", persist }: DatabaseOptions,
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
    opening ??= inTime(openOurs(name), (opened) => {
      database = opened;
      // Another context deletes the database or opens a newer version: in its way we would block it for ever.
      database.onversionchange = lose;
      database.onclose = () => {
        lose();
        connection.onclose?.();
      };
      // Not awaited: the browser may leave the question to a person.
      if (persist) navigator.storage?.persist?.().catch(() => {});
    }).finally(() => (opening = undefined));
    return opening;
  }

  function start(mode: IDBTransactionMode): IDBObjectStore {
    return database!.transaction([storeName, markStore], mode, { durability }).objectStore(storeName);
  }

  const connection: Connection = {
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
  return connection;
}

/** Takes what is opened in time. What comes later is closed: by then a call may have opened it anew. */
function inTime(opening: Promise<IDBDatabase>, take: (database: IDBDatabase) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // The time of an event is real, whatever a test does to the clocks: fake timers that it turns make no open late.
    const realTime = (): number => new Event("").timeStamp;
    const endsAt = realTime() + patience;
    let timer: ReturnType<typeof setTimeout>;
    let isLate = false;

    async function wait(): Promise<void> {
      while (realTime() < endsAt) await new Promise((go) => letExit((timer = setTimeout(go, endsAt - realTime()))));
      isLate = true;
      reject(new StoreError("unavailable", "Cannot open database: expected no tab to block it"));
    }

    void wait();
    opening
      .then((opened) => {
        if (isLate) return opened.close();
        take(opened);
        resolve();
      })
      .catch(reject)
      .finally(() => clearTimeout(timer));
  });
}
