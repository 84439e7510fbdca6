import type { Work } from "./work.ts";

/** Returns works with others in the place of those of the same title, or behind them all where there is none. */
export function withWorks(works: readonly Work[], others: readonly Work[]): Work[] {
  const byTitle = new Map(works.map((work) => [work.title, work]));
  for (const work of others) byTitle.set(work.title, work);
  return [...byTitle.values()];
}
