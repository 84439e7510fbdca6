import type { ListOptions, Page, Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { lentBy } from "../../core/lending.ts";
import { prefix } from "../../views/prefix.ts";

/**
 * Returns the part of a store whose keys begin with a prefix, of which a key that is the prefix itself is nothing. It is never
 * swept as a whole, which would count what others have: where that is all a store can do, a sweep of a part rejects
 * `unsupported`.
 */
export function partOf(store: Store, before: string): Store {
  if (before === "") return store;
  const view = prefix(store, before);
  const part: Store = { ...view, list: (options) => listNamed(view, options) };
  if (lentBy(part, "sweep")) return part;
  return {
    ...part,
    async sweep() {
      throw new StoreError("unsupported", "Cannot sweep a part of the store: expected one made by createStore");
    },
  };
}

/** Lists what has a key of its own. */
async function listNamed(view: Store, options: ListOptions | undefined): Promise<Page> {
  const { entries, cursor } = await view.list(options);
  const named = entries.filter(({ key }) => key !== "");
  if (entries[0] && !named[0] && cursor !== undefined) return listNamed(view, { ...options, cursor });
  return { entries: named, ...(cursor !== undefined && { cursor }) };
}
