/** Runs work when there is room for it. */
export type Semaphore = <R>(work: () => Promise<R>) => Promise<R>;

/** Returns what lets at most `count` run at once, in the order of their coming. */
export function createSemaphore(count: number): Semaphore {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
