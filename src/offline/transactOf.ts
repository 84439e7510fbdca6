import { UNCHANGED, type CallOptions, type Entry, type NewEntry, type Store } from "../core/contract.ts";
import { lentBy } from "../core/lending.ts";
import { isPast, toBytes } from "../core/value.ts";

/** Changes rows in one step: what is returned as it was given is left. */
export interface Transact {
  run(
    keys: readonly string[],
    decide: (rows: readonly (Entry | undefined)[]) => readonly (Entry | NewEntry | undefined)[],
    options: CallOptions | undefined,
  ): Promise<unknown>;
  /** How many rows that may be. */
  readonly most: number;
}

/**
 * Returns what changes rows of a store: by its medium if that can be had, so that nothing is copied twice, and what has expired and
 * is left stays where it is until a sweep counts it; else by the call of the store.
 */
export function transactOf(store: Store, now: () => number): Transact {
  const medium = lentBy(store, "transact");
  const mutateMany = medium?.backend.mutateMany;
  if (!mutateMany) return { run: (keys, decide, options) => store.transact(keys, decide, options), most: 1000 };
  return {
    run: (keys, decide, options) =>
      medium.run(options, (call) =>
        mutateMany(
          keys,
          (found) => {
            const rows = found.map((row) =>
              row && !isPast(row, now) ? { ...row, value: toBytes(row.value) } : undefined,
            );
            return decide(rows).map((row, index) => {
              if (row === rows[index]) return UNCHANGED;
              const next = row && { value: row.value, expiresAt: row.expiresAt ?? Infinity };
              return next && !isPast(next, now) ? next : undefined;
            });
          },
          call,
        ),
      ),
    most: Infinity,
  };
}
