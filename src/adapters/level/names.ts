import { isWellFormed } from "../../core/key.ts";
import { decodeText, encodeText } from "../../core/utf8.ts";

/**
 * Returns the name of a key that is any bytes. UTF-8 is its text; of other bytes each of 0x80 and more is a lone surrogate, which
 * no text has (as in Python's PEP 383), so that no two keys share a name.
 */
export function nameOf(key: Uint8Array): string {
  try {
    return decodeText(key);
  } catch {
    return Array.from(key, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join("");
  }
}

/** Returns the key of a name. */
export function bytesOf(name: string): Uint8Array {
  return isWellFormed(name)
    ? encodeText(name)
    : Uint8Array.from(name as unknown as string[], (unit: string) => unit.charCodeAt(0));
}
