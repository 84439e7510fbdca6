import { isActive, over } from "./active.ts";
import type { Cache } from "./cache.ts";
import type { Snapshot } from "./snapshot.ts";

/** A call that may change what lies under its key, or under any if it has none. */
interface Call {
  readonly write?: boolean;
  readonly key?: string;
}

/** Knows which reads the cache answers at this moment, without a transaction of their own. */
export interface Hits {
  /** From now on this transaction says what counts, as long as it is active. */
  rely(snapshot: Snapshot): void;
  begun(call: Call): void;
  settled(calls: readonly Call[]): void;
  /** Whether the cache holds a key, that counts now, and no write that was asked for before concerns it. */
  has(key: string): boolean;
}

// So many may follow one another before the page gets to do something else.
const maxHits = 1000;

/** Returns the hits of a cache. */
export function createHits(cache: Cache): Hits {
  // The transaction that says what counts, and how many more hits it may have.
  let reliable: Snapshot | undefined;
  let left = 0;
  // By its key, the last write that is waiting or under way, and how many there are that have none.
  const writes = new Map<string, Call>();
  let others = 0;

  return {
    rely(snapshot) {
      reliable = snapshot;
      left = maxHits;
    },
    begun(call) {
      if (!call.write) return;
      if (call.key === undefined) others++;
      else writes.set(call.key, call);
    },
    settled(calls) {
      for (const call of calls) {
        if (call.write && call.key === undefined) others--;
        else if (writes.get(call.key!) === call) writes.delete(call.key!);
      }
    },
    has(key) {
      if (reliable?.mark === undefined || !cache.has(key) || writes.has(key) || others) return false;
      if (left-- > 0 && isActive(reliable)) return true;
      // What follows goes to another transaction, not one by one to this.
      over(reliable);
      reliable = undefined;
      return false;
    },
  };
}
