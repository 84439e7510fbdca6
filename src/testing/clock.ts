/** A clock that stands still until it is turned. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Turns the clock on by some ms, or back by a negative number. */
  advance(ms: number): void;
}

/**
 * Returns a hand-turned clock, at first showing the present.
 *
 * @example Lets a minute pass at once.
 * ```ts
 * import { memory } from "shelflife";
 * import { createClock } from "shelflife/testing";
 *
 * const clock = createClock();
 * const store = memory({ now: clock.now });
 * await store.set("a", Uint8Array.of(1), { ttl: 60_000 });
 * clock.advance(60_000);
 * console.log(await store.has("a")); // false
 * await store.close();
 * ```
 */
export function createClock(start: number = Date.now()): Clock {
  let time = start;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
  };
}
