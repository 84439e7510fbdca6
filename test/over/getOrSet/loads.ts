/** Loads that are counted, and end when a test says so. */
export interface Loads {
  readonly count: number;
  /** The signal of each. */
  readonly signals: readonly AbortSignal[];
  readonly load: (call: { readonly signal: AbortSignal }) => Promise<any>;
  /** Ends one with a value. */
  land(index: number, value: unknown): void;
  /** Ends one with an error. */
  fail(index: number, error: unknown): void;
}

/** Returns loads that are counted. Each ends as `work` does, or waits for the test. */
export function createLoads(work?: () => Promise<unknown>): Loads {
  const signals: AbortSignal[] = [];
  const ends: { resolve(value: unknown): void; reject(error: unknown): void }[] = [];
  return {
    get count() {
      return signals.length;
    },
    signals,
    load({ signal }) {
      signals.push(signal);
      const ending = new Promise((resolve, reject) => ends.push({ resolve, reject }));
      return work ? work() : ending;
    },
    land: (index, value) => ends[index]!.resolve(value),
    fail: (index, error) => ends[index]!.reject(error),
  };
}
