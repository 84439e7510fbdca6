import { andThen } from "./attempt.ts";
import type { Store } from "./contract.ts";
import { lentBy, type EntriesReader } from "./lending.ts";

/**
 * Returns what reads entries as they are together, where the medium of a store has that: one that changes many in one step. A
 * store with an `entry` of its own has none.
 */
export function readerOf(store: Pick<Store<any>, "entry">): EntriesReader | undefined {
  const lent = lentBy(store, "entry");
  if (typeof lent !== "object") return lent;
  const { backend, run } = lent;
  return (
    backend.mutateMany &&
    ((keys, options) =>
      run(options, (call) =>
        andThen(backend.getMany(keys, call), (found) =>
          // Taken at once: what memory returns is what it goes on changing.
          found.map((entry) => entry && { ...entry }),
        ),
      ))
  );
}
