import type { Value } from "./contract.ts";

/** What SIEVE knows of a value. */
export interface Sieved {
  /** Read or replaced since SIEVE's hand went by. */
  isUsed: boolean;
}

/** How many bytes a value takes where they are bounded: its own, and two for each UTF-16 unit of its key. */
export function cost(key: string, value: Value): number {
  return value.length + 2 * key.length;
}

/**
 * Returns how to find what is to go when slots are full: the oldest that was not used since the last look, but the one that
 * is spared (Zhang et al., "SIEVE is simpler than LRU", NSDI 2024). The slots are in the order of arrival, in which the hand
 * goes round.
 */
export function createSieve(slots: ReadonlyMap<string, Sieved>): (spared: string) => string {
  let hand = slots.entries();
  return (spared) => {
    for (;;) {
      const { value: next, done } = hand.next();
      if (done) hand = slots.entries();
      else if (next[1].isUsed) next[1].isUsed = false;
      else if (next[0] !== spared) return next[0];
    }
  };
}
