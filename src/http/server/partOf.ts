import type { Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { lentBy } from "../../core/lending.ts";
import { prefix } from "../../views/prefix.ts";

/**
 * Returns the part of a store whose keys begin with a prefix. It is never swept as a whole, which would count what others
 * have: where that is all a store can do, a sweep of a part rejects `unsupported`.
 */
export function partOf(store: Store, before: string): Store {
  if (before === "") return store;
  const part = prefix(store, before);
  if (lentBy(part, "sweep")) return part;
  return {
    ...part,
    async sweep() {
      throw new StoreError("unsupported", "Cannot sweep a part of the store: expected one made by createStore");
    },
  };
}
