import type { CallOptions } from "../../core/contract.ts";
import { createPending } from "../../core/pending.ts";
import type { TakeTurn } from "../../core/turns.ts";

/** Work on keys, one after the other at each. */
export interface KeyWork {
  /** Does work in its turn, unless its call was given up before: so no call that was given up undoes a later one. */
  change<R>(key: string, call: CallOptions, work: () => Promise<R>): Promise<R>;
  /** Resolves when all that is under way has settled. */
  settled(): Promise<void>;
}

/** Returns what works on keys, in the turns that it takes. */
export function createKeyWork(takeTurn: TakeTurn): KeyWork {
  const { track, settled } = createPending();
  return {
    change: (key, { signal }, work) =>
      track(
        takeTurn(key, async () => {
          signal?.throwIfAborted();
          return work();
        }),
      ),
    settled,
  };
}
