import { checkChosen, checkFunction, checkItems } from "../../core/check.ts";
import type { Entry, Store } from "../../core/contract.ts";
import { toBytes } from "../../core/value.ts";

/** What turns values into text and back at once, as an atomic call needs it. */
interface Codec<T> {
  decode(key: string, value: Uint8Array): T;
  encode(key: string, value: unknown): string;
}

/** Returns the `transact` of a view of a store. `decoded` reads what the store then has. */
export function createTransact<T, In>(
  store: Store,
  { decode, encode }: Codec<T>,
  decoded: (key: string, entry: Entry) => Promise<Entry<T>>,
): Store<T, In>["transact"] {
  return async (keys, change, call) => {
    checkFunction(change);
    const wanted = checkItems(keys);
    const after = await store.transact(
      wanted,
      (entries) => {
        const given = entries.map(
          (entry, index) =>
            entry && Object.freeze({ value: decode(wanted[index]!, entry.value), expiresAt: entry.expiresAt }),
        );
        return checkChosen<unknown>(change([...given]), wanted.length).map((entry, index) => {
          if (entry === given[index]) return entries[index];
          return entry && { ...entry, value: toBytes(encode(wanted[index]!, entry.value)) };
        });
      },
      call,
    );
    return Promise.all(after.map((entry, index) => entry && decoded(wanted[index]!, entry)));
  };
}
