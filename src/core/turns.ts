/**
 * Takes a turn at a key within this process: its work begins when the work before it on that key has settled, or at once if
 * there is none.
 */
export type TakeTurn = <R>(key: string, work: () => Promise<R>) => Promise<R>;

/** Returns what takes turns at keys of their own. */
export function createTurns(): TakeTurn {
  const last = new Map<string, Promise<void>>();
  return (key, work) => {
    const before = last.get(key);
    const turn = before ? before.then(work) : work();
    const forget = (): void => void (last.get(key) === settled && last.delete(key));
    const settled: Promise<void> = turn.then(forget, forget);
    last.set(key, settled);
    return turn;
  };
}

/** Takes turns at several keys at once. In one order, so that no two wait for each other. */
export function takeTurns<R>(takeTurn: TakeTurn, keys: readonly string[], work: () => Promise<R>): Promise<R> {
  const inOrder = [...keys].sort();
  return inOrder.reduceRight((rest, key) => () => takeTurn(key, rest), work)();
}
