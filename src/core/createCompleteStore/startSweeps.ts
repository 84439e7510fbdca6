import type { CompleteBackend } from "../contract.ts";
import { letExit, longestDelay } from "../timers.ts";

// A page often lives shorter than the interval: what has expired meanwhile goes soon after opening.
const firstSweep = 10_000;

/** Begins to remove what has expired, once each interval, and returns how to stop. */
export function startSweeps(backend: Pick<CompleteBackend, "sweep">, interval: number, now: () => number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function sweep(): Promise<void> {
    try {
      await backend.sweep({ now });
    } catch {
      // Made up for by the next one.
    }
    schedule(interval);
  }

  function schedule(delay: number): void {
    if (interval === Infinity) return;
    timer = setTimeout(() => void sweep(), Math.min(delay, interval, longestDelay));
    letExit(timer);
  }

  schedule(firstSweep);
  return () => {
    interval = Infinity;
    clearTimeout(timer);
  };
}
