import { andThen } from "../attempt.ts";
import type { Bytes } from "../bytes.ts";
import { checkChosen, checkFunction, checkItems } from "../check.ts";
import { UNCHANGED, type CompleteBackend, type Entry, type ManyDecision, type Store, type Value } from "../contract.ts";
import { check, StoreError } from "../error.ts";
import { checkKey } from "../key.ts";
import { copyBytes, fresh, live, toBytes } from "../value.ts";
import type { Alone, Run } from "./calls.ts";
import { maxKeys } from "./writing.ts";

/** Returns the call of a store that reads and writes several entries in one step. */
export function createTransact(
  backend: CompleteBackend<Value>,
  now: () => number,
  run: Run,
  alone: Alone,
): Pick<Store, "transact"> {
  // Of bytes that need no check.
  const copy = ({ value, expiresAt }: Entry<Value>): Entry<Bytes> => ({
    value: new Uint8Array(toBytes(value)),
    expiresAt,
  });

  return {
    transact: (keys, change, options) =>
      run(
        options,
        (call, wanted) => {
          const after: (Entry<Bytes> | undefined)[] = [];
          const decide: ManyDecision<Value> = (found) => {
            // Frozen, so that a change in place throws: an entry that is returned as it was given is left as it is.
            const given = found.map((entry) => live(entry, now) && Object.freeze(copy(entry!)));
            const chosen = checkChosen<Uint8Array>(
              alone(() => change([...given])),
              wanted.length,
            );
            // By the keys: an array may have holes.
            return wanted.map((_, index) => {
              const entry = chosen[index];
              const next = live(
                entry && (entry === given[index] ? found[index] : fresh(copyBytes(entry.value), entry, now)),
                now,
              );
              after[index] = next && !backend.holdsNothing ? copy(next) : (next as Entry<Bytes> | undefined);
              return next === found[index] ? UNCHANGED : next;
            });
          };
          if (wanted[1] && !backend.mutateMany) {
            throw new StoreError("unsupported", "Cannot transact: expected a medium that changes many at once");
          }
          const decided = wanted[1]
            ? backend.mutateMany!(wanted, decide, call)
            : backend.mutate(wanted[0]!, (found) => decide([found])[0], call);
          return andThen(decided, () => after);
        },
        () => {
          checkFunction(change);
          const wanted = checkItems(keys).map(checkKey);
          const { length } = wanted;
          check(
            length && length <= maxKeys && new Set(wanted).size === length,
            "keys",
            `1 to ${maxKeys} distinct ones`,
            length,
          );
          return wanted;
        },
      ),
  };
}
