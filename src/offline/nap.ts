import { letExit } from "../core/timers.ts";

/** What wakes those who nap. */
export type Sleepers = Set<() => void>;

/**
 * Waits, half to one and a half times as long, so that those who failed together do not return together; without a time until it is
 * woken. Ends early when the signal aborts, or when the sleepers are woken. Keeps no process alive.
 */
export function nap(ms: number | undefined, signal?: AbortSignal, sleepers?: Sleepers): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      sleepers?.delete(wake);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(wake, ms * (0.5 + Math.random()));
    if (timer) letExit(timer);
    sleepers?.add(wake);
    signal?.addEventListener("abort", wake);
    if (signal?.aborted) wake();
  });
}

export function wakeAll(sleepers: Sleepers): void {
  for (const wake of sleepers) wake();
}
