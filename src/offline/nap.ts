import { letExit } from "../core/timers.ts";

/** Waits, half to one and a half times as long, so that those who failed together do not return together. Keeps no process alive. */
export function nap(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms * (0.5 + Math.random()));
    letExit(timer);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}
