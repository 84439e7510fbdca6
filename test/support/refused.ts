import assert from "node:assert/strict";
import { isStoreError, type StoreError, type StoreErrorCode } from "../../src/core/error.ts";

/** Awaits that work is refused with a code, and returns the error. */
export async function refused(
  work: Promise<unknown> | (() => unknown),
  code: StoreErrorCode,
  message?: RegExp,
): Promise<StoreError> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    assert.ok(isStoreError(error, code), `${code} expected, got ${String(error)}`);
    if (message) assert.match(error.message, message);
    return error;
  }
  throw new Error(`Expected ${code}`);
}
