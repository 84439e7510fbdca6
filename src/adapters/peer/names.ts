import { decodeText, encodeText } from "../../core/utf8.ts";

// What the name of a key begins with that the other library would change.
const mark = "~hex~";

/** The names that keys have in another library. */
export interface Names {
  toName(key: string): string;
  toKey(name: string): string;
}

/**
 * Returns names for keys: the key itself if it `isPlain`, which means that the library gives it back as it is, and else its UTF-8 bytes in
 * hexadecimal digits. No two keys have one name, and each name stands for a key.
 */
export function createNames(isPlain: (key: string) => boolean): Names {
  function toName(key: string): string {
    if (isPlain(key) && decode(key) === undefined) return key;
    return mark + Array.from(encodeText(key), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Returns the key that a name of digits stands for, if some key has that name. */
  function decode(name: string): string | undefined {
    const digits = name.startsWith(mark) ? name.slice(mark.length) : "";
    if (!/^(?:[\da-f]{2})+$/.test(digits)) return undefined;
    try {
      const key = decodeText(Uint8Array.from(digits.match(/../g)!, (pair) => parseInt(pair, 16)));
      return toName(key) === name ? key : undefined;
    } catch {
      return undefined;
    }
  }

  return { toName, toKey: (name) => decode(name) ?? name };
}
