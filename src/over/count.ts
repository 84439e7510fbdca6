import { checkCall, checkStore } from "../core/check.ts";
import type { PrefixOptions, Store } from "../core/contract.ts";

/**
 * Counts the live entries of a store, or those whose keys begin with a prefix. It reads the keys alone, a page at a time, so the
 * memory that it takes does not grow with the store. An entry that is there from the beginning to the end counts once; one that is
 * written or removed meanwhile may count or not. An abort rejects with the signal's reason. Rejects `unsupported` when the
 * store cannot list.
 *
 * @example Counts the carts.
 * ```ts
 * import { memory } from "shelflife";
 * import { count } from "shelflife/extras";
 *
 * const store = memory();
 * await store.setMany(["cart/ada", "cart/bob", "user/ada"].map((key) => [key, Uint8Array.of(1)]));
 * console.log(await count(store, { prefix: "cart/" })); // 2
 * ```
 */
export async function count(store: Pick<Store<any>, "get" | "keys">, options?: PrefixOptions): Promise<number> {
  checkStore(store);
  let sum = 0;
  for await (const _ of store.keys(checkCall(options))) sum++;
  return sum;
}
