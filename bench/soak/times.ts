/** How long the calls of each name took. */
export interface Times {
  /** Makes a call, and counts how long it took if it resolves. */
  timed<T>(name: string, call: () => Promise<T>): Promise<T>;
  /** Returns what is known of each name, in order: ms. */
  summary(): Summary[];
}

/** What is known of the calls of a name: ms. */
export interface Summary {
  readonly name: string;
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Returns what measures calls. */
export function createTimes(): Times {
  const histograms: Record<string, Histogram> = {};
  return {
    async timed(name, call) {
      const since = performance.now();
      const result = await call();
      (histograms[name] ??= createHistogram()).add(performance.now() - since);
      return result;
    },
    summary: () =>
      Object.entries(histograms)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { count, max, quantile }]) => {
          const [p50, p99, most] = [quantile(0.5), quantile(0.99), max()].map((ms) => Number(ms.toFixed(2)));
          return { name, count: count(), p50: p50!, p99: p99!, max: most! };
        }),
  };
}

interface Histogram {
  add(ms: number): void;
  count(): number;
  max(): number;
  /** Returns what a part of them took at most: ms. */
  quantile(part: number): number;
}

/** Counts times in steps of 5 %: what is kept does not grow. */
function createHistogram(): Histogram {
  const steps = new Uint32Array(400);
  let count = 0;
  let max = 0;
  return {
    add(ms) {
      steps[Math.max(0, Math.min(399, Math.ceil(Math.log(ms * 100) / Math.log(1.05))))]!++;
      count++;
      max = Math.max(max, ms);
    },
    count: () => count,
    max: () => max,
    quantile(part) {
      let left = count * part;
      const step = steps.findIndex((count) => (left -= count) <= 0);
      return Math.min(max, 1.05 ** step / 100);
    },
  };
}
