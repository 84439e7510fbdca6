import { StoreError } from "../../src/core/error.ts";
import type { NewEntry, Store } from "../../src/core/contract.ts";

/** A store that may have no room. */
export interface FullStore extends Store {
  /** How many bytes of a value under a key it takes at most. */
  room: (key: string) => number;
  /** How many bytes of values it takes together. */
  total: number;
}

/** Returns a store before another one, which changes entries in one step and refuses a step for which it has no room. */
export function fullStore(store: Store): FullStore {
  const sizes = new Map<string, number>();
  const full: FullStore = {
    ...store,
    room: () => Infinity,
    total: Infinity,
    async transact(keys, change, options) {
      const wanted = [...keys];
      let after: readonly (NewEntry | undefined)[] = [];
      const done = await store.transact(
        wanted,
        (found) => {
          after = change(found);
          const next = new Map(sizes);
          wanted.forEach((key, index) => next.set(key, after[index]?.value.length ?? 0));
          const isFull = wanted.some((key, index) => after[index] !== found[index] && next.get(key)! > full.room(key));
          if (isFull || [...next.values()].reduce((sum, size) => sum + size, 0) > full.total)
            throw new StoreError("quota-exceeded", "Cannot store this: expected room");
          return after;
        },
        options,
      );
      wanted.forEach((key, index) => sizes.set(key, after[index]?.value.length ?? 0));
      return done;
    },
  };
  return full;
}
