// As many keys as a page has.
const maxMoved = 1000;

/**
 * The keys of a map in order: notes one that has come or gone, and returns those of a page, and one more if there is. `after`
 * is one that begins with the prefix, or empty.
 */
export type SortedKeys = [
  move: (key: string) => void,
  page: (prefix: string, limit: number, after: string) => string[],
];

/**
 * Returns the keys of a map, sorted for a listing. What has come or gone since is beside them as long as that is little, so
 * that a page costs a page.
 */
export function createSortedKeys(slots: ReadonlyMap<string, unknown>): SortedKeys {
  let sorted: string[] = [];
  let moved: string[] | undefined;

  /** Returns those keys, each once and in order, which are there and on the page. */
  const present = (keys: readonly string[], prefix = "", after = ""): string[] =>
    [...new Set(keys)].filter((key) => slots.has(key) && key.startsWith(prefix) && key > after).sort();

  return [
    (key) => {
      if (moved && moved.push(key) > maxMoved) moved = undefined;
    },
    (prefix, limit, after) => {
      if (!moved) {
        // What is in order already is quickly sorted again.
        sorted = present([...sorted, ...slots.keys()]);
        moved = [];
      }
      const start = firstFrom(sorted, after || prefix);
      // So many that one more than a page is left without those which are gone, and without the last of the page before.
      const near = sorted.slice(start, start + limit + moved.length + 2);
      return present([...near, ...moved], prefix, after);
    },
  ];
}

/** Index of the first string >= `start` among sorted ones (binary search). */
function firstFrom(sorted: readonly string[], start: string): number {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
