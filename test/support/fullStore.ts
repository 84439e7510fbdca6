import { StoreError } from "../../src/core/error.ts";
import type { NewEntry, Store } from "../../src/core/contract.ts";

/** A store that may have no room. */
export interface FullStore extends Store {
  /** How many bytes of a value it takes at most. */
  room: number;
  /** How often it has refused one. */
  refused: number;
}

/** Returns a store before another one, which changes entries in one step and refuses a step with a value for which it has no room. */
export function fullStore(store: Store): FullStore {
  const full: FullStore = {
    ...store,
    room: Infinity,
    refused: 0,
    transact: (keys, change, options) =>
      store.transact(
        keys,
        (found) =>
          change(found).map((entry, index): NewEntry | undefined => {
            if (!entry || entry === found[index] || entry.value.length <= full.room) return entry;
            full.refused++;
            throw new StoreError("quota-exceeded", "Cannot store this: expected room");
          }),
        options,
      ),
  };
  return full;
}
