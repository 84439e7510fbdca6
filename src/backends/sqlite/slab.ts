import type { Entry } from "../../core/contract.ts";

// An array of its own costs more than the bytes of a short value: copies of these share memory. In bytes.
const slabSize = 65_536;
const longestInSlab = 1024;

/** Memory for the values that wait to be written. */
export interface Slab {
  /** Copies a value for as long as it takes to be written. */
  hold(entry: Entry): Entry;
}

/** Returns memory that short values share. */
export function createSlab(): Slab {
  let slab = new Uint8Array();
  let used = 0;
  return {
    hold({ value, expiresAt }) {
      const { length } = value;
      // An empty part of something else is a NULL to Node 22.
      if (length === 0 || length > longestInSlab) return { value: new Uint8Array(value), expiresAt };
      if (used + length > slab.length) {
        slab = new Uint8Array(slabSize);
        used = 0;
      }
      const copy = slab.subarray(used, (used += length));
      copy.set(value);
      return { value: copy, expiresAt };
    },
  };
}
