import { letExit } from "./timers.ts";

// The number of the last write to a Storage. A Web Lock alone does not make writers follow one another: browsers bring what is
// written to a Storage to other processes without regard to locks, so that a context may get a lock and not see yet what was
// written under it just before. So a writer puts a number into the Storage after all else, and reports it by a lock with the
// number in its name. The next writer waits until it sees that number.

// How long the last writer reports its number: ms. Writes reach another process within a few.
const reportTime = 5000;

/** The highest number that held locks report, which are those whose names begin with a mark; 0 if there is none. */
export function highestReported(mark: string, held: readonly LockInfo[] = []): number {
  return Math.max(0, ...held.map(({ name = "" }) => (name.startsWith(mark) ? Number(name.slice(mark.length)) : 0)));
}

/**
 * Returns how a context reports its last number for some seconds: by a lock of a mark and the number. Requests are served in
 * order: asked for while the writing lock is held, it is there when the next writer gets that.
 */
export function createNumberReport(mark: string, locks: LockManager): (number: number) => void {
  let stop = (): void => {};
  return (number) => {
    const reported = new Promise<void>((resolve) => {
      stop();
      stop = resolve;
      letExit(setTimeout(resolve, reportTime));
    });
    locks.request(mark + number, () => reported).catch(() => {});
  };
}

/** Resolves when something may have come into sight. Not by a timer alone: in a hidden tab those are slow. */
export function untilSighting(): Promise<void> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(20);
    const wake = (): void => resolve();
    signal.addEventListener("abort", wake);
    globalThis.addEventListener?.("storage", wake, { signal });
  });
}
