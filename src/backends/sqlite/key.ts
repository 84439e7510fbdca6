import { decodeLoosely, encodeText } from "../../core/utf8.ts";
import type { Cell } from "./client.ts";

/** Reads a key that was asked for as bytes. */
export function decodeKey(cell: Cell): string {
  return decodeLoosely(cell as Uint8Array);
}

/** The lowest text that is above every key which begins with the prefix: no UTF-8 has such a byte. */
export function above(prefix: string): Uint8Array {
  const bytes = encodeText(prefix);
  const bound = new Uint8Array(bytes.length + 1).fill(0xff);
  bound.set(bytes);
  return bound;
}
