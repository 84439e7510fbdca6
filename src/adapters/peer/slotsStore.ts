import type { Store } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
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

/** Returns an object of another library's that has these methods. Throws `bad-config`. */
export function checkMethods<T extends object>(name: string, object: T, what: string, methods: readonly string[]): T {
  for (const method of methods) {
    if (typeof (object as Record<string, unknown> | undefined)?.[method] === "function") continue;
    const expected = `expected ${what} with ${quote(method)}, got ${quote(object)}`;
    throw new StoreError("bad-config", `Cannot open store ${quote(name)}: ${expected}`);
  }
  return object;
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
