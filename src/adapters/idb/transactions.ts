import { isStoreError, quote, StoreError } from "../../core/error.ts";
import type { Use } from "./use.ts";

/** Returns the result of a request. */
export function resultOf<R>(request: IDBRequest<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Does work in a transaction, and resolves when that is committed. If the work throws, nothing of it stays. */
export async function run<R>(
  use: Use,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<R>,
  key?: string,
): Promise<R> {
  let thrown: { error: unknown } | undefined;
  try {
    return await use(mode, async (store) => {
      const { transaction } = store;
      let cause: unknown;
      let closed = (): void => {};
      const ended = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onerror = ({ target }) => (cause ??= (target as IDBRequest).error);
        transaction.onabort = () => reject(transaction.error ?? cause);
        // The browser closed the database, and says nothing else of the transaction.
        closed = () => reject(new Error("The connection was closed"));
        transaction.db.addEventListener("close", closed);
      }).finally(() => transaction.db.removeEventListener("close", closed));
      // The work may fail first.
      ended.catch(() => {});
      try {
        const result = await work(store);
        await ended;
        return result;
      } catch (error) {
        // Of what the medium failed with the transaction knows more.
        if (!(error instanceof DOMException)) thrown = { error };
        try {
          transaction.abort();
        } catch {
          // It was down before.
        }
        await ended.catch((reason: unknown) => (cause ??= reason));
        throw cause ?? error;
      }
    });
  } catch (cause) {
    if (thrown) throw thrown.error;
    throw toStoreError(cause, key);
  }
}

function toStoreError(cause: unknown, key?: string): StoreError {
  if (isStoreError(cause)) return cause;
  const about = key === undefined ? "entries" : `key ${quote(key)}`;
  return (cause as Partial<Error> | undefined)?.name === "QuotaExceededError"
    ? new StoreError("quota-exceeded", `Cannot store ${about}: expected room in the origin's quota`, { key, cause })
    : new StoreError("unavailable", `Cannot reach ${about}: expected the app's database to be open, got ${cause}`, {
        key,
        cause,
      });
}
