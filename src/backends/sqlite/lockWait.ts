import { pause } from "../../core/pause.ts";

/** How long another process's lock is waited for before a call gives up: ms. */
export const longestLockWait = 5000;

/** Waits for a lock that another process holds. */
export interface LockWait {
  /** Calls again in a while, and returns `true`; `false` when it has been called again for long enough. */
  retry(task: () => void): boolean;
  /** The lock was there. */
  end(): void;
}

/** Returns what waits for a lock on a timer, with the event loop free. */
export function createLockWait(): LockWait {
  let since: number | undefined;
  return {
    retry(task) {
      const now = performance.now();
      since ??= now;
      const isOver = now - since >= longestLockWait;
      if (isOver) since = undefined;
      else void pause(6).then(task);
      return !isOver;
    },
    end: () => void (since = undefined),
  };
}
