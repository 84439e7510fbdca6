import type { Cell } from "./client.ts";

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a key that was asked for as bytes. */
export function decodeKey(cell: Cell): string {
  return decoder.decode(cell as Uint8Array);
}

/** The lowest text that is above every key which begins with the prefix: no UTF-8 has such a byte. */
export function above(prefix: string): Uint8Array {
  const bytes = encoder.encode(prefix);
  const bound = new Uint8Array(bytes.length + 1).fill(0xff);
  bound.set(bytes);
  return bound;
}
