import type { ValkeyClient } from "./client.ts";

/** The clock that decides about expiry: the server's, or the store's own `now`. */
export interface Clock {
  /** Whether the store's own `now` decides. */
  readonly isOwn: boolean;
  /** The time by the deciding clock: epoch ms. */
  now(): number;
  /** How far the deciding clock is ahead of the one that deadlines are given by: ms. */
  skew(): number;
  /** Whether `now` and `skew` are known. Not when the clock here was set since. */
  isSet(): boolean;
  /** Whether the server's clock decides, and was last looked at a while ago. */
  isDue(): boolean;
  /** Compares with the server's clock if that is due. */
  compare(client: ValkeyClient): Promise<void>;
  /** Makes a comparison due, because another server may be asked from now on. */
  reset(): void;
}

// How often the clocks are compared: ms.
const interval = 60_000;
// By how much time here may differ from the time that has passed before it counts as set anew: ms.
const leeway = 1000;

/** Returns the clock of a store, which may have been given one of its own. */
export function createClock(own: (() => number) | undefined): Clock {
  const isOwn = own !== undefined;
  // Fake clocks may come and go.
  const here = own ?? (() => Date.now());
  let skew = 0;
  let comparedAt = -Infinity;
  let hereThen = 0;

  /** Whether the clock here was set, or replaced, since they were compared. */
  function hasJumped(): boolean {
    return !(Math.abs(here() - hereThen - (performance.now() - comparedAt)) <= leeway);
  }

  function isDue(): boolean {
    return !isOwn && (performance.now() - comparedAt >= interval || hasJumped());
  }

  return {
    isOwn,
    now: () => here() + skew,
    skew: () => skew,
    isSet: () => isOwn || !hasJumped(),
    isDue,
    async compare(client) {
      if (!isDue()) return;
      const isFirst = hasJumped();
      comparedAt = performance.now();
      const before = here();
      // Until the answer is there, the last one holds, unless there is none for this clock.
      if (!isFirst) hereThen = before;
      const [seconds, micros] = (await client.time()) as [unknown, unknown];
      const after = here();
      const theirs = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      // What the way to the server and back explains is no difference.
      hereThen = before;
      skew = theirs < before ? theirs - before : Math.max(0, theirs - after);
    },
    reset() {
      comparedAt = -Infinity;
    },
  };
}
