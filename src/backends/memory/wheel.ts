/** What a timing wheel knows of an entry. */
export interface Timed {
  readonly expiresAt: number;
  /** Where the wheel has the key: in a slice that is due no later than the entry. */
  slice: Set<string> | undefined;
}

/**
 * A timing wheel: puts the key of an entry where it is due, drops what has expired and counts it, and knows when it has to
 * look again.
 */
export type Wheel = [
  place: (key: string, entry: Timed, at: number) => void,
  sweep: () => number,
  soonest: () => number,
];

/**
 * Returns a timing wheel over slots (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987): keys in slices
 * of time, the wider the farther away, so that finding what is due costs what is due.
 */
export function createWheel(
  slots: ReadonlyMap<string, Timed>,
  now: () => number,
  drop: (key: string, type: "expire") => void,
): Wheel {
  const slices = new Map<number, Set<string>>();
  let soonest = Infinity;

  function place(key: string, entry: Timed, at: number): void {
    entry.slice?.delete(key);
    entry.slice = undefined;
    if (at === Infinity) return;
    // A sixteenth of the way: there are never more than sixteen slices for each doubling of the distance.
    const width = 2 ** Math.floor(Math.log2(Math.max(16, at - now()) / 16));
    const start = at - (at % width);
    soonest = Math.min(soonest, start);
    entry.slice = slices.get(start) ?? new Set();
    slices.set(start, entry.slice.add(key));
  }

  function sweep(): number {
    const time = now();
    let count = 0;
    if (soonest > time) return count;
    soonest = Infinity;
    for (const [start, keys] of slices) {
      if (start > time) soonest = Math.min(soonest, start);
      else {
        slices.delete(start);
        for (const key of keys) {
          const entry = slots.get(key)!;
          // What is due later than it was is put back when it is found.
          if (entry.expiresAt > time) place(key, entry, entry.expiresAt);
          else {
            drop(key, "expire");
            count++;
          }
        }
      }
    }
    return count;
  }

  return [place, sweep, () => soonest];
}
