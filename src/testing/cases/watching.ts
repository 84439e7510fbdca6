import type { Change, Store } from "../../core/contract.ts";
import type { Context } from "../case.ts";
import { equal } from "../expect.ts";

/** Shows a change as "type key", and one without a key as its type. */
export function show(change: Change): string {
  return change.type === "resync" ? change.type : `${change.type} ${change.key}`;
}

/** Reads some changes, each as "type key". */
export async function collect(changes: AsyncIterator<Change>, count: number): Promise<string[]> {
  const collected: string[] = [];
  while (collected.length < count) {
    const { done, value } = await changes.next();
    if (done) break;
    collected.push(show(value));
  }
  return collected;
}

/** Reads the changes up to now, so that one too many shows as much as one missing. */
export async function collectAll(
  { subject, value }: Context,
  store: Store,
  watch: AsyncIterator<Change>,
): Promise<string[]> {
  // So many keys that every server has some, each of which reports in order.
  const count = subject.isScattered ? 64 : 1;
  const last = Array.from({ length: count }, (_, index) => `a/last ${index}`);
  const waited = new Set(last.map((key) => `set ${key}`));
  for (const key of last) await store.set(key, value("x"));
  const collected: string[] = [];
  while (waited.size) {
    const [change] = await collect(watch, 1);
    if (change === undefined) break;
    if (!waited.delete(change)) collected.push(change);
  }
  return collected;
}

/**
 * Compares changes in their order; where nothing is said about the order of different keys, that of each key. Where writes
 * merge, several in a row are as good as one.
 */
export function equalChanges({ subject }: Context, actual: string[], expected: string[], what: string): void {
  const merged = (list: string[]): string[] =>
    subject.isMerging ? list.filter((change, index) => change !== list[index - 1]) : list;
  const keyOf = (change: string): string => change.slice(change.indexOf(" "));
  const sorted = (list: string[]): string[] =>
    subject.isScattered ? list.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0)) : list;
  equal(merged(sorted(actual)), merged(sorted(expected)), what);
}
