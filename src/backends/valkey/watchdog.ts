import { letExit, longestDelay } from "../../core/timers.ts";

/** Gives up on what gets no answer in time. */
export interface Watchdog {
  /** Settles with the work, or rejects when that takes too long. */
  guard<R>(work: Promise<R>): Promise<R>;
  /** Whether there is work without an answer. */
  isBusy(): boolean;
}

interface Flight {
  readonly at: number;
  land(error: Error): void;
}

/** Returns a watchdog with one timer for all that it guards: most answers come soon. */
export function createWatchdog(timeout: number): Watchdog {
  // What waits for an answer, the oldest first.
  const flights = new Set<Flight>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function lookAfter(delay: number): void {
    timer = setTimeout(look, Math.min(delay, longestDelay));
    // A connection that waits for an answer keeps the process by itself.
    letExit(timer);
  }

  function look(): void {
    timer = undefined;
    const now = performance.now();
    for (const flight of flights) {
      const left = flight.at + timeout - now;
      if (left > 0) return lookAfter(left);
      flights.delete(flight);
      flight.land(new Error(`no answer within ${timeout} ms`));
    }
  }

  return {
    guard: (work) =>
      new Promise((resolve, land) => {
        const flight: Flight = { at: performance.now(), land };
        flights.add(flight);
        if (!timer) lookAfter(timeout);
        work.then(
          (result) => {
            flights.delete(flight);
            resolve(result);
          },
          (error: unknown) => {
            flights.delete(flight);
            land(error);
          },
        );
      }),
    isBusy: () => flights.size > 0,
  };
}
