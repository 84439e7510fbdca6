import { quote, StoreError } from "../../core/error.ts";

/** Throws that a value of a key cannot be encoded or decoded, for what was expected of it. */
export function fail(code: "cant-decode" | "cant-encode", key: string, expected: string, cause?: unknown): never {
  throw new StoreError(code, `Cannot ${code.slice(5)} key ${quote(key)}: expected ${expected}`, { key, cause });
}
