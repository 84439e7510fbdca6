import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";

/** What is read of a store: how often, and how many bytes of values were being read at once at most. */
export interface Reads {
  count: number;
  mostBytes: number;
}

/** Returns a store of values of so many bytes each, by their keys, that takes its time for each read and counts them. */
export async function countingReads(sizes: Readonly<Record<string, number>>): Promise<{ store: Store; reads: Reads }> {
  const inner = memory();
  for (const [key, size] of Object.entries(sizes)) await inner.set(key, new Uint8Array(size).fill(key.length));
  const reads: Reads = { count: 0, mostBytes: 0 };
  let open = 0;
  const entry: Store["entry"] = async (key, options) => {
    const size = sizes[key] ?? 0;
    reads.count++;
    open += size;
    reads.mostBytes = Math.max(reads.mostBytes, open);
    await new Promise((resolve) => setTimeout(resolve));
    const found = await inner.entry(key, options);
    open -= size;
    return found;
  };
  return { store: { ...inner, entry }, reads };
}
