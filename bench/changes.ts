import type { Awaitable, Store } from "../src/core/contract.ts";
import { ours } from "./peer.ts";
import { isValueOf, keysOf, valueOf } from "./values.ts";

/** What a change is made on: it can be filled, and looked at afterwards. */
interface Filled {
  setMany(items: readonly (readonly [key: string, value: Uint8Array])[]): unknown;
  findMany(keys: readonly string[]): Awaitable<readonly unknown[]>;
}

/** What one would write by hand: it reads each key, copies what it gives and takes as a store does, and writes. */
export interface BareChange extends Filled {
  readonly name: string;
  change(keys: readonly string[], values: readonly Uint8Array[]): Promise<unknown>;
}

/** A way in which something changes what is there, and of how many keys at once. */
export interface Way {
  readonly name: string;
  readonly count: number;
  readonly on: Filled;
  change(keys: readonly string[], values: readonly Uint8Array[]): Promise<unknown>;
}

/** The title of the work that compares the ways. */
export const title = "sequential update, 100 B";

/** Returns the ways of a store: `update`, which the others are compared with, and `transact`; and of the bare platform. */
export function waysOf(store: Store, bare: BareChange): Way[] {
  const transact = (keys: readonly string[], values: readonly Uint8Array[]): Promise<unknown> =>
    store.transact(keys, () => values.map((value) => ({ value })));
  const { name, change } = bare;
  return [
    { name: ours, count: 1, on: store, change: ([key], [value]) => store.update(key!, () => value) },
    { name: `${ours}, transact of one key`, count: 1, on: store, change: transact },
    { name: `${ours}, transact of ten keys`, count: 10, on: store, change: transact },
    { name: `${name}, one key`, count: 1, on: bare, change },
    { name: `${name}, ten keys`, count: 10, on: bare, change },
  ];
}

/**
 * Makes so many changes, one after the other, checks what is there afterwards, and resolves with the ms that they took, as
 * `timed` measures it.
 */
export async function changeAll(
  { change, count, on }: Way,
  { calls, round }: { readonly calls: number; readonly round: number },
  timed: (work: () => Promise<void>) => Promise<number>,
): Promise<number> {
  const keys = keysOf(calls);
  if (round === 0) await on.setMany(keys.map((key, index) => [key, valueOf(index, 0, 100)]));
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
  const found = (await on.findMany(keys)) as readonly (Uint8Array | undefined)[];
  const isWrong = found.some((value, index) => value?.[99] !== values[index]![99] || !isValueOf(value, index, 100));
  if (isWrong) throw new Error("Not what the changes left");
  return took;
}
