/**
 * Turns of work on keys within this process: work on one key begins when the work before it on that key has settled, or at
 * once if there is none.
 */
export interface Turns {
  take<R>(key: string, work: () => Promise<R>): Promise<R>;
  /** Resolves when every turn taken so far is over. */
  settled(): Promise<void>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    take(key, work) {
      const before = last.get(key);
      const turn = before ? before.then(work) : work();
      const forget = (): void => void (last.get(key) === settled && last.delete(key));
      const settled: Promise<void> = turn.then(forget, forget);
      last.set(key, settled);
      return turn;
    },
    settled: () => Promise.all(last.values()).then(() => {}),
  };
}
