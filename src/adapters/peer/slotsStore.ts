import type { Store } from "../../core/contract.ts";
import { boolean, checkOptions, storeRules, type StoreOptions } from "../../core/options.ts";
import { entriesStore } from "./entriesStore.ts";
import { mediumOf } from "./media.ts";
import { createEntries, type Slots } from "./slots.ts";

/** How a store over an app's own library behaves. */
export interface ExclusiveOptions extends StoreOptions {
  /**
   * States that nobody else changes the same data while the store is open: no other process, tab or part of the app. Only then
   * there are atomic calls and `sweep`. @default false
   */
  exclusive?: boolean | undefined;
}

/** Returns a store over the slots of an object of another library's. Throws `bad-config`. */
export function slotsStore(
  name: string,
  object: object,
  options: ExclusiveOptions,
  slots: Slots,
  { canList, isPersistent }: { canList: boolean; isPersistent(): boolean },
): Store {
  const checked = checkOptions<ExclusiveOptions>(name, options, { ...storeRules, exclusive: boolean });
  const { turns, hub } = mediumOf(name, object);
  const isSafe = checked.exclusive === true;
  return entriesStore({ entries: createEntries(slots), turns, hub, isSafe, canList, isPersistent }, checked);
}
