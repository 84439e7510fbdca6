/** Work that `close` has to wait for. */
export interface Pending {
  /** Counts work as pending until it settles, and returns it. */
  track<R>(work: Promise<R>): Promise<R>;
  /** Resolves when all that is pending now has settled. */
  settled(): Promise<void>;
}

/** Returns a count of work that is empty. */
export function createPending(): Pending {
  const pending = new Set<Promise<unknown>>();
  return {
    track(work) {
      const forget = (): unknown => pending.delete(work);
      pending.add(work);
      work.then(forget, forget);
      return work;
    },
    settled: () => Promise.allSettled(pending).then(() => {}),
  };
}
