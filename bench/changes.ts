import type { Store } from "../src/core/contract.ts";
import { ours } from "./peer.ts";
import { isValueOf, keysOf, valueOf } from "./values.ts";

/** A way in which a store changes what is there, and of how many keys at once. */
export interface Way {
  readonly name: string;
  readonly count: number;
  change(keys: readonly string[], values: readonly Uint8Array[]): Promise<unknown>;
}

/** The title of the work that compares the ways. */
export const title = "sequential update, 100 B";

/** Returns the ways of a store: `update`, which the others are compared with, and `transact`. */
export function waysOf(store: Pick<Store, "update" | "transact">): Way[] {
  const transact = (keys: readonly string[], values: readonly Uint8Array[]): Promise<unknown> =>
    store.transact(keys, () => values.map((value) => ({ value })));
  return [
    { name: ours, count: 1, change: ([key], [value]) => store.update(key!, () => value) },
    { name: `${ours}, transact of one key`, count: 1, change: transact },
    { name: `${ours}, transact of ten keys`, count: 10, change: transact },
  ];
}

/**
 * Makes so many changes, one after the other, checks what is there afterwards, and resolves with the ms that they took, as
 * `timed` measures it.
 */
export async function changeAll(
  store: Pick<Store, "setMany" | "findMany">,
  { change, count }: Way,
  { calls, round }: { readonly calls: number; readonly round: number },
  timed: (work: () => Promise<void>) => Promise<number>,
): Promise<number> {
  const keys = keysOf(calls);
  if (round === 0) await store.setMany(keys.map((key, index) => [key, valueOf(index, 0, 100)]));
  const values = keys.map((_, index) => valueOf(index, round + 1, 100));
  // The same keys and values again behind the last, for those that take ten from there.
  const [keysOn, valuesOn] = [
    [...keys, ...keys.slice(0, count)],
    [...values, ...values.slice(0, count)],
  ];
  const changes = keys.map((_, at) => [keysOn.slice(at, at + count), valuesOn.slice(at, at + count)] as const);
  const took = await timed(async () => {
    for (const [keys, values] of changes) await change(keys, values);
  });
  const found = await store.findMany(keys);
  const isWrong = found.some((value, index) => value?.[99] !== values[index]![99] || !isValueOf(value, index, 100));
  if (isWrong) throw new Error("Not what the changes left");
  return took;
}
