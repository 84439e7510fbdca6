import { andThen } from "./attempt.ts";
import type { Entry, Store } from "./contract.ts";
import { checkKey } from "./key.ts";
import { lentMedium, type EntriesReader } from "./lending.ts";
import { toBytes } from "./value.ts";

/**
 * Returns what reads entries as they are together, where the medium of a store has that: one that changes many in one step. A
 * store with an `entry` of its own has none.
 */
export function readerOf(store: Pick<Store, "entry">): EntriesReader | undefined {
  const { entry } = store;
  const lent = lentMedium(entry);
  if (typeof lent !== "object") return lent;
  const { backend, run } = lent;
  if (!backend.mutateMany) return undefined;
  return (keys, options) =>
    run(options, (call) =>
      andThen(backend.getMany(keys.map(checkKey), call), (found) => {
        const past: string[] = [];
        // Taken at once: what memory returns is what it goes on changing.
        const live = found.map((each, index): Entry | undefined => {
          if (!each) return undefined;
          const { value, expiresAt } = each;
          if (expiresAt > call.now()) return { value: toBytes(value), expiresAt };
          past.push(keys[index]!);
          return undefined;
        });
        if (!past.length) return live;
        // To be read by itself removes what has expired, if it is still that.
        return Promise.allSettled(past.map((key) => entry(key, options))).then(() => live);
      }),
    );
}
