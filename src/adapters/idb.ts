import type { Store } from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
import { lendBy } from "../core/lending.ts";
import { checkOptions, nonEmptyString, storeRules } from "../core/options.ts";
import { idbBackend } from "./idb/backend.ts";
import type { IdbLike, IdbStoreOptions } from "./idb/database.ts";
import { useOf } from "./idb/use.ts";

export type { DatabaseLike, DexieLike, IdbLike, IdbStoreOptions, UseStoreLike } from "./idb/database.ts";

/**
 * Returns a store over an object store of a database that an app opened itself: an `IDBDatabase`, a database of the `idb` package,
 * a Dexie database and one of its tables, or what `createStore` of idb-keyval returns.
 *
 * What the app wrote reads as bytes: a Blob, ArrayBuffer or typed array as its own, anything that JSON can hold, a string too, as
 * its JSON text. What JSON would lose (a Map, a NaN, binary within an object) is `cant-decode`; a stored `null` is a missing value.
 * Atomic calls take no Blob: for them it is `cant-decode`.
 *
 * What the store writes without a deadline, the app reads: bytes that are JSON text exactly as `JSON.stringify` writes it as the
 * value they stand for, all others as a Uint8Array. With a deadline they lie in a record that only a store can read.
 *
 * Every call is one transaction of the app's connection, so atomic calls are atomic among all tabs and the app itself. A
 * `watch` reports what stores write, in all tabs, and nothing that the app writes past them. There is no index of deadlines: a
 * sweep reads everything.
 *
 * The object store has to exist: its database's version is not raised. The connection is the app's: the store never closes it,
 * and leaves its `versionchange` to the app. When it is closed, calls reject `unavailable`. Keys of the app that no store can
 * have, such as numbers, are left alone; `migrate` reports them. An object store whose keys are in its values is only read: a
 * write is `unsupported`.
 *
 * Throws `bad-config`.
 *
 * @example Gives an app's database atomic calls and deadlines.
 * ```ts
 * import { json } from "shelflife";
 * import { idb } from "shelflife/adapters/idb";
 * import { openDB } from "idb";
 *
 * const database = await openDB("app", 1, { upgrade: (database) => void database.createObjectStore("keyval") });
 * await database.put("keyval", { theme: "dark" }, "settings");
 * const store = json(idb(database, { storeName: "keyval" }));
 * console.log(await store.get("settings")); // { theme: 'dark' }
 * console.log(await store.increment("visits")); // 1
 * ```
 */
export function idb(database: IdbLike, options: IdbStoreOptions = {}): Store {
  const checked = checkOptions<IdbStoreOptions>("idb", options, { ...storeRules, storeName: nonEmptyString });
  const { strays, ...backend } = idbBackend(useOf(database, checked.storeName));
  const store = createStore(backend, checked);
  lendBy(store, "list", (prefix) => strays(prefix));
  return store;
}
