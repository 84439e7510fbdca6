import type { Call } from "../../core/contract.ts";
import { maxChecks } from "./kv.ts";

/** How many keys are one commit where there are more: each may have parts to check too. */
export const groupSize: number = maxChecks / 2;

/** Does work for one group of items after the other, each such that one commit takes it. */
export async function inGroups<T, R>(
  items: readonly T[],
  { signal }: Call,
  work: (group: readonly T[]) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += groupSize) {
    signal?.throwIfAborted();
    results.push(await work(items.slice(at, at + groupSize)));
  }
  return results;
}
