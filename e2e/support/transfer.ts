// What contexts do to two keys that sum to 100 for whoever reads them in one step.
import type { Entry, Store } from "shelflife";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keys = ["a", "b"];

const amountOf = (value: Uint8Array | undefined): number => Number(value && decoder.decode(value));
const amountsOf = (entries: readonly (Entry | undefined)[]): number[] => entries.map((entry) => amountOf(entry?.value));
const valueOf = (amount: number): Uint8Array => encoder.encode(String(amount));

/** Puts 100 under the first key, and 0 under the second. */
export function beginTransfer(store: Store): Promise<void> {
  return store.setMany([
    ["a", valueOf(100)],
    ["b", valueOf(0)],
  ]);
}

/** Reads the two amounts, in one step. */
export async function readTransfer(store: Store, how: "transact" | "findMany" = "transact"): Promise<number[]> {
  if (how === "findMany") return (await store.findMany(keys)).map(amountOf);
  return amountsOf(await store.transact(keys, (entries) => entries));
}

/**
 * Moves 1 from the first key to the second so often, one after the other and several at once, reads both in between, and
 * resolves with each sum that it saw.
 */
export async function transfer(store: Store, times: number, how?: "transact" | "findMany"): Promise<number[]> {
  const sums = new Set<number>();
  const move = async (): Promise<void> => {
    await store.transact(keys, (entries) => {
      const [a, b] = amountsOf(entries);
      sums.add(a! + b!);
      return [{ value: valueOf(a! - 1) }, { value: valueOf(b! + 1) }];
    });
  };
  const read = async (): Promise<void> => {
    const [a, b] = await readTransfer(store, how);
    sums.add(a! + b!);
  };
  for (let count = 0; count < times; count += 2) {
    await move();
    await read();
    await Promise.all([read(), move(), read()]);
  }
  return [...sums];
}
