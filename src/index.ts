import { indexeddbFactory } from "./backends/indexeddb.ts";
import { localstorageFactory, sessionstorageFactory } from "./backends/localstorage.ts";
import { memoryFactory } from "./backends/memory.ts";
import { createRegistry, type Factory, type NamedConfig, type Registry } from "./core/registry.ts";
import type { Store } from "./core/contract.ts";
import { remoteFactory } from "./http/remote.ts";

export * from "./core/contract.ts";
export { cached, type CachedOptions } from "./views/cached.ts";
export { createStore } from "./core/createStore.ts";
export { isStoreError, StoreError, type StoreErrorCode, type StoreErrorOptions } from "./core/error.ts";
export { json, type JsonOptions, type Schema, type SchemaResult } from "./views/json.ts";
export { migrate, type Migrated, type MigrateOptions } from "./over/migrate.ts";
export type { StoreOptions } from "./core/options.ts";
export { prefix } from "./views/prefix.ts";
// As a whole, so that others can merge their own names into `Backends`.
export * from "./core/registry.ts";
export {
  indexeddb,
  indexeddbFactory,
  storageUsage,
  type IndexedDBOptions,
  type StorageUsage,
} from "./backends/indexeddb.ts";
export {
  localstorage,
  localstorageFactory,
  sessionstorage,
  sessionstorageFactory,
  type LocalStorageOptions,
  type SessionStorageOptions,
} from "./backends/localstorage.ts";
export { memory, memoryFactory, type MemoryOptions } from "./backends/memory.ts";
export { remote, remoteFactory, type RemoteOptions } from "./http/remote.ts";

/**
 * The registry that `open`, `register`, `getFactory`, `methods` and `valid` use: it knows the portable backends.
 *
 * @example Lists what this runtime can open.
 * ```ts
 * import { registry } from "shelflife";
 *
 * console.log(registry.methods().includes("memory")); // true
 * ```
 */
export const registry: Registry = /* @__PURE__ */ createRegistry({
  http: remoteFactory,
  indexeddb: indexeddbFactory,
  localstorage: localstorageFactory,
  memory: memoryFactory,
  sessionstorage: sessionstorageFactory,
});

/**
 * Builds the store that a configuration describes. Rejects `bad-config`, with every problem at once.
 *
 * @example Opens a store by its configuration.
 * ```ts
 * import { open } from "shelflife";
 *
 * const store = await open({ backend: "memory", parameters: { maxEntries: 1000 } });
 * await store.set("greeting", new TextEncoder().encode("hello"));
 * console.log(await store.has("greeting")); // true
 * await store.close();
 * ```
 */
export function open<Name extends string>(config: NamedConfig<Name>): Promise<Store> {
  return registry.open(config);
}

/**
 * Checks a configuration without building anything, and returns its options. Throws `bad-config`.
 *
 * @example Reports every problem of a configuration at once.
 * ```ts
 * import { isStoreError, valid } from "shelflife";
 *
 * try {
 *   valid({ backend: "memory", parameters: { maxEntries: -1, maxBytes: 0 } });
 * } catch (error) {
 *   console.log(isStoreError(error, "bad-config"), /maxEntries.*maxBytes/.test(String(error))); // true true
 * }
 * ```
 */
export function valid<Name extends string>(config: NamedConfig<Name>): unknown {
  return registry.valid(config);
}

/**
 * Adds a factory to the default registry, or puts it in the place of the one of that name.
 *
 * @example Opens a backend of your own by its name.
 * ```ts
 * import { memory, open, register } from "shelflife";
 *
 * register("mine", { valid: (parameters) => parameters, build: () => memory() });
 * const store = await open({ backend: "mine" });
 * console.log(store.isPersistent()); // false
 * await store.close();
 * ```
 */
export function register(name: string, factory: Factory): void {
  registry.register(name, factory);
}

/**
 * Returns a factory of the default registry. Throws `bad-config` with the known names when there is none.
 *
 * @example Checks parameters by the factory of a backend.
 * ```ts
 * import { getFactory } from "shelflife";
 *
 * console.log(getFactory("memory").valid({ maxEntries: 10 })); // { maxEntries: 10 }
 * ```
 */
export function getFactory(name: string): Factory {
  return registry.getFactory(name);
}

/**
 * Returns the names that the default registry knows and this runtime can open, sorted.
 *
 * @example Finds out whether a page, or this process, has IndexedDB.
 * ```ts
 * import { methods } from "shelflife";
 *
 * console.log(methods().includes("memory")); // true
 * console.log(methods().includes("indexeddb")); // false
 * ```
 */
export function methods(): string[] {
  return registry.methods();
}
