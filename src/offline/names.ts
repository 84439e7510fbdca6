import { check } from "../core/error.ts";
import { isKey, maxKeyBytes } from "../core/key.ts";

// Where a record, a mark and what was kept are in the local store, by the first letter of its key.
export const records = "d";
export const marks = "o";
export const kept = "x";
/** Who this is to the other side, and what is on its way. */
export const identityRow = "i";
/** How far what the other side has is known here. */
export const progressRow = "s";

/** Whether there can be a record of a key. One of 1,024 bytes is too long. */
export const isRecordKey = (key: unknown): key is string =>
  isKey(key) && (key.length * 3 < maxKeyBytes || isKey(records + key));

/** Throws `invalid-argument` for what can have no record. */
export function checkRecordKey(key: string): void {
  check(isRecordKey(key), "key", "a well-formed string of 1 to 1,023 UTF-8 bytes", key);
}
