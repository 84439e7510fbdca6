import { check } from "./error.ts";
import { toBytes } from "./value.ts";

/** The longest key, in UTF-8 bytes. A prefix view's prefix counts. */
export const maxKeyBytes = 1024;

/** Returns the key if it is one: a well-formed string of 1 to 1,024 UTF-8 bytes; throws `invalid-argument` otherwise. */
export function checkKey(key: unknown): string {
  check(isKey(key), "key", "a well-formed string of 1 to 1,024 UTF-8 bytes", key);
  return key;
}

/** Returns the prefix if it can begin a key, or is empty; throws `invalid-argument` otherwise. */
export function checkPrefix(prefix: unknown = ""): string {
  check(isWellFormed(prefix), "prefix", "a well-formed string", prefix);
  return prefix;
}

/** Whether a value can be a key. */
export function isKey(key: unknown): key is string {
  // A UTF-16 code unit never takes more than three UTF-8 bytes, so a short key needs no counting.
  return isWellFormed(key) && key !== "" && (key.length * 3 <= maxKeyBytes || toBytes(key).length <= maxKeyBytes);
}

/** Whether a value is a string without a lone surrogate, which has no UTF-8 form of its own. */
export function isWellFormed(value: unknown): value is string {
  return typeof value === "string" && !/\p{Cs}/u.test(value);
}
