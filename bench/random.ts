/** Numbers between 0 and 1 that are the same for every peer: of one seed, always the same. */
export function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A function of one's own numbers to indexes below a count, the first of which are the most frequent, the more the skew is. */
export function zipf(count: number, skew = 1): (random: number) => number {
  const sums: number[] = [];
  for (let rank = 1, sum = 0; rank <= count; rank++) sums.push((sum += 1 / rank ** skew));
  return (random) => {
    const wanted = random * sums.at(-1)!;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** What one caller does next: reads, or writes, with a deadline or without. */
export interface Step {
  /** Of the key, the first of which are the most frequent. */
  readonly index: number;
  readonly isSet: boolean;
  readonly isDated: boolean;
}

/** What an application does on so many keys: most of it reads, of few keys; half of what is written has a deadline. */
export function mixOf(count: number, round: number, steps = count): Step[] {
  const random = randomOf(round);
  const pick = zipf(count);
  return Array.from({ length: steps }, () => {
    const index = pick(random());
    const chance = random();
    return { index, isSet: chance < 0.1, isDated: chance < 0.05 };
  });
}
