import { isStoreError, quote, StoreError } from "../core/error.ts";

/** An error that is the caller's own, or about what is stored: trying again would not help. */
export class Refusal {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

// Its class differs from engine to engine, its name does not.
export function isQuota(error: unknown): boolean {
  return (error as DOMException | undefined)?.name === "QuotaExceededError";
}

/** The error of a call that could not be done. */
export function describe(cause: unknown, key?: string): StoreError {
  if (isStoreError(cause)) return cause;
  const about = key === undefined ? "entries" : `key ${quote(key)}`;
  return isQuota(cause)
    ? new StoreError("quota-exceeded", `Cannot store ${about}: expected room in the origin's quota`, { key, cause })
    : new StoreError("unavailable", `Cannot reach ${about}: expected IndexedDB to answer, got ${cause}`, {
        key,
        cause,
      });
}
