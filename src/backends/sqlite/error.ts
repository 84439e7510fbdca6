import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { longestLockWait } from "./lockWait.ts";
import { isBusy, resultCodeOf, sqliteCode } from "./resultCode.ts";

/** What a call on a file rejects with. An error that SQLite has not thrown is `unavailable` too. */
export function callError(error: unknown, path: string, key: string | undefined): unknown {
  if (isStoreError(error)) return error;
  const code = resultCodeOf(error);
  const got = quote(error instanceof Error ? error.message : error);
  if (code === sqliteCode.full || code === sqliteCode.tooBig) {
    const what = key === undefined ? "" : ` key ${quote(key)}`;
    const message = `Cannot store${what} in ${JSON.stringify(path)}: expected room for it, got ${got}`;
    return new StoreError("quota-exceeded", message, { key, cause: error });
  }
  const expected = isBusy(code) ? `a lock on it within ${longestLockWait} ms` : "a sound file";
  const message = `Cannot use ${JSON.stringify(path)}: expected ${expected}, got ${got}`;
  return new StoreError("unavailable", message, { key, cause: error });
}
