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

/** The registry that `open`, `register`, `getFactory`, `methods` and `valid` use: it knows the portable backends. */
export const registry: Registry = /* @__PURE__ */ createRegistry({
  http: remoteFactory,
  indexeddb: indexeddbFactory,
  localstorage: localstorageFactory,
  memory: memoryFactory,
  sessionstorage: sessionstorageFactory,
});

/** Builds the store that a configuration describes. Rejects `bad-config`, with every problem at once. */
export function open<Name extends string>(config: NamedConfig<Name>): Promise<Store> {
  return registry.open(config);
}

/** Checks a configuration without building anything, and returns its options. Throws `bad-config`. */
export function valid<Name extends string>(config: NamedConfig<Name>): unknown {
  return registry.valid(config);
}

/** Adds a factory to the default registry, or puts it in the place of the one of that name. */
export function register(name: string, factory: Factory): void {
  registry.register(name, factory);
}

/** Returns a factory of the default registry. Throws `bad-config` with the known names when there is none. */
export function getFactory(name: string): Factory {
  return registry.getFactory(name);
}

/** Returns the names that the default registry knows and this runtime can open, sorted. */
export function methods(): string[] {
  return registry.methods();
}
