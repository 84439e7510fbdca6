import type { Store } from "../core/contract.ts";
import { quote, StoreError } from "../core/error.ts";
import { createSharedHub } from "../core/hub.ts";
import { boolean, checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { createEntries } from "./localforage/entries.ts";
import type { LocalForageLike } from "./localforage/instance.ts";
import { entriesStore } from "./peer/entriesStore.ts";
import { createTurns } from "./peer/turns.ts";

/** How a store over localForage behaves. */
export interface LocalForageStoreOptions extends StoreOptions {
  /**
   * States that no other tab or worker uses the same data, so that atomic calls need no Web Locks, which pages without
   * https lack. @default false
   */
  exclusive?: boolean | undefined;
}

export { localforageDriver, type LocalForageDriver } from "./localforage/driver.ts";
export type { LocalForageLike } from "./localforage/instance.ts";

/**
 * Returns a store over a localForage instance, so that an app takes on the contract where its data already lies.
 *
 * What the app wrote reads as bytes: a Blob, ArrayBuffer or typed array as its own, anything that JSON can hold, a string
 * too, as its JSON text. So `json(localforage(instance)).get(key)` is what `instance.getItem(key)` is, a Date as its text.
 * What JSON would lose (a Map, a NaN, binary within an object) is `cant-decode`; a stored `null` is a missing value.
 *
 * What the store writes without a deadline, the app reads through localForage: bytes that are JSON text exactly as
 * `JSON.stringify` writes it as the value they stand for, all others as a Uint8Array. With a deadline they lie in a
 * record that only a store can read.
 *
 * localForage has no transactions. Web Locks make the store's calls atomic between tabs and workers; without them, and
 * without `exclusive`, atomic calls and `sweep` are `unsupported`. `setMany` puts back what it replaced when it fails,
 * but not after a crash. What the app writes past the store is not held back by any lock and not reported by a `watch`.
 * There is no index of deadlines: a sweep and a page of a listing read every key, and a sweep every value. With its
 * localStorage driver, an instance of the default `storeName` has the keys of the other stores of its `name` among its
 * own.
 *
 * A key of the app that is no key of a store (empty, over 1,024 bytes, or with a lone surrogate) is not listed; `migrate`
 * reports it.
 *
 * Closing the store leaves the instance as it is. Throws `bad-config`.
 *
 * @example Gives an app's own entries a lifetime.
 * ```ts
 * import localForage from "localforage";
 * import { localforage } from "shelflife/adapters/localforage";
 *
 * const store = localforage(localForage.createInstance({ name: "notes" }), { exclusive: true });
 * await store.set("greeting", new TextEncoder().encode("hello"), { ttl: 60_000 });
 * console.log(await store.has("greeting")); // true
 * await store.close();
 * ```
 */
export function localforage(instance: LocalForageLike, options: LocalForageStoreOptions = {}): Store {
  const checked = checkOptions<LocalForageStoreOptions>("localforage", options, { ...storeRules, exclusive: boolean });
  for (const method of ["getItem", "setItem", "removeItem", "keys", "ready", "config", "driver"] as const) {
    if (typeof instance?.[method] === "function") continue;
    const expected = `instance must be a localForage instance with "${method}", got ${quote(instance)}`;
    throw new StoreError("bad-config", `Cannot open store "localforage": ${expected}`);
  }
  const { name = "", storeName = "" } = instance.config();
  const medium = `shelflife:localforage:${name}/${storeName}`;
  const locks = checked.exclusive ? undefined : globalThis.navigator?.locks;
  const entries = createEntries(instance);
  return entriesStore(
    {
      entries,
      turns: createTurns(medium, { locks, storage: entries.storage }),
      hub: createSharedHub(medium),
      isSafe: checked.exclusive || locks !== undefined,
      // The drivers that localForage has are; others' say by their name when they are not.
      isPersistent: () => !/memory|session/i.test(instance.driver() ?? ""),
    },
    checked,
  );
}
