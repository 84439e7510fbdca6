/** What a Keyv failed with, which it reports by an event only. */
export interface Failures {
  /** Does work, and throws what the Keyv failed with meanwhile if that comes to nothing, or to what may be incomplete. */
  during<R>(work: () => Promise<R>): Promise<R>;
  /** Returns what it failed with last. */
  last(): unknown;
}

// One listener for each Keyv, whatever number of stores are opened over it.
let known: WeakMap<object, { count: number; last?: unknown }> | undefined;

/** Returns the failures of a Keyv from now on. */
export function failuresOf(keyv: { on(event: "error", listener: (error: unknown) => void): unknown }): Failures {
  known ??= new WeakMap();
  let seen = known.get(keyv);
  if (!seen) {
    const counted: { count: number; last?: unknown } = { count: 0 };
    seen = counted;
    known.set(keyv, counted);
    keyv.on("error", (error) => {
      counted.count++;
      counted.last = error;
    });
  }
  const failures = seen;
  return {
    async during(work) {
      const before = failures.count;
      const result = await work();
      const isDoubtful = result === undefined || result === null || Array.isArray(result);
      // Of calls side by side it may be another that failed: rather a failure too many than a miss that is none.
      if (isDoubtful && failures.count !== before) throw failures.last;
      return result;
    },
    last: () => failures.last,
  };
}
