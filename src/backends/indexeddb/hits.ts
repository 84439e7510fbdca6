import { isActive, over } from "./active.ts";
import type { Cache, View } from "./cache.ts";

/** A call that may change what lies under its key, or under any if it has none. */
interface Call {
  readonly write: boolean;
  readonly key?: string;
}

/** Knows which reads the cache answers at this moment, without a transaction of their own. */
export interface Hits {
  /** From now on the mark that this transaction finds tells, as long as it is active. */
  rely(view: View): void;
  begun(call: Call): void;
  settled(calls: readonly Call[]): void;
  /** Whether the cache holds a key, that counts now, and no write that was asked for before concerns it. */
  has(key: string): boolean;
}

// So many may follow one another before the page gets to do something else.
const maxHits = 1000;

export function createHits(cache: Cache): Hits {
  let window: { readonly view: View; left: number } | undefined;
  // By its key, the last write that is waiting or under way, and how many there are that have none.
  const writes = new Map<string, Call>();
  let others = 0;

  return {
    rely: (view) => void (window = { view, left: maxHits }),
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
      if (!window?.view.isVerified || !cache.has(key) || writes.has(key) || others) return false;
      if (window.left-- > 0 && isActive(window.view)) return true;
      // What follows goes to another transaction, not one by one to this.
      over(window.view);
      window = undefined;
      return false;
    },
  };
}
