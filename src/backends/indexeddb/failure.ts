import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { over, type Activity } from "./active.ts";

/** An error that is the caller's own, or about what is stored: trying again would not help. */
export class Refusal {
  declare readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Why a transaction failed. `isUnknown`: it may have been committed all the same. */
export interface Failure {
  readonly error: unknown;
  readonly isUnknown?: boolean;
}

/** A transaction that writes, as it ends. */
export interface Ending {
  /** Takes it down, for a cause that is reported unless there was one before. */
  abort(cause: unknown): void;
  /** Commits it by hand, which the browser would do later, unless something has taken it down. */
  commit(): void;
  readonly failure: Promise<Failure | undefined>;
}

/** Follows a transaction to its end. One transaction writes at a time. */
export function endingOf(activity: Activity, connection: { onclose?(this: void): void }): Ending {
  const { transaction } = activity.entries;
  let cause: unknown;
  const failure = new Promise<Failure | undefined>((resolve) => {
    transaction.oncomplete = () => resolve(cause ? { error: cause } : undefined);
    // A quota met after `commit()` is reported by Firefox's request alone: the transaction is aborted for no reason, or completes.
    transaction.onerror = ({ target }) => (cause ??= (target as IDBRequest).error);
    transaction.onabort = () => resolve({ error: isQuota(cause) ? cause : (transaction.error ?? cause) });
    // Chromium says nothing else of a transaction that it was committing.
    connection.onclose = () => resolve({ error: "a closed connection", isUnknown: true });
  });
  return {
    abort(error) {
      cause ??= error;
      over(activity);
      try {
        transaction.abort();
      } catch {
        // It was down before.
      }
    },
    commit() {
      if (cause !== undefined) return;
      over(activity);
      transaction.commit?.();
    },
    failure,
  };
}

// Its class differs from engine to engine, its name does not.
export function isQuota(error: unknown): boolean {
  return (error as DOMException | undefined)?.name === "QuotaExceededError";
}

/** The error of a call that could not be done. */
export function toStoreError(cause: unknown, key?: string): StoreError {
  if (isStoreError(cause)) return cause;
  const about = key === undefined ? "entries" : `key ${quote(key)}`;
  return isQuota(cause)
    ? new StoreError("quota-exceeded", `Cannot store ${about}: expected room in the origin's quota`, { key, cause })
    : new StoreError("unavailable", `Cannot reach ${about}: expected IndexedDB to answer, got ${cause}`, {
        key,
        cause,
      });
}
