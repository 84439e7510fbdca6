/** A clock that stands still until it is turned. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Turns the clock on by some ms, or back by a negative number. */
  advance(ms: number): void;
}

/** Returns a hand-turned clock, at first showing the present. */
export function createClock(start: number = Date.now()): Clock {
  let time = start;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
  };
}
