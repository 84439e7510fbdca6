import { s3Factory } from "./backends/s3.ts";
import { sqliteFactory } from "./backends/sqlite.ts";
import { valkeyFactory } from "./backends/valkey.ts";
import type { Store } from "./core/contract.ts";
import { createRegistry, type Factory, type NamedConfig, type Registry } from "./core/registry.ts";
import { nodeFetch } from "./http/nodeFetch.ts";
import { remoteFactory as portableRemote, type RemoteOptions } from "./http/remote.ts";
import { withComposites } from "./over/composites.ts";
import { indexeddbFactory, localstorageFactory, memoryFactory, sessionstorageFactory } from "./index.ts";

// Everything of the portable door. What is declared here takes the place of what has the same name there.
export * from "./index.ts";
export { s3, s3Factory, type S3Options } from "./backends/s3.ts";
export { sqlite, sqliteFactory, type SqliteOptions } from "./backends/sqlite.ts";
export { valkey, valkeyFactory, type ValkeyClient, type ValkeyOptions } from "./backends/valkey.ts";
export { withComposites } from "./over/composites.ts";
export { handler, type Action, type HandlerOptions, type HistoryOptions, type Scope } from "./http/handler.ts";

/**
 * The factory of {@link remote}, which a registry opens by a name.
 *
 * @example Adds the remote to a registry of your own.
 * ```ts
 * import { createRegistry, remoteFactory } from "shelflife/server";
 *
 * const registry = createRegistry({ http: remoteFactory });
 * console.log(registry.methods()); // [ 'http' ]
 * ```
 */
export const remoteFactory: Factory<RemoteOptions> = {
  valid: portableRemote.valid,
  build: (options) => portableRemote.build({ ...options, fetch: options.fetch ?? nodeFetch() }),
};

/**
 * Returns the store that a handler serves at a URL. On Node it asks by node:http, which is faster than Node's own fetch. A
 * `fetch` that was put in the place of that one is asked instead, and so is Node's own where it goes through a proxy of the
 * environment (`NODE_USE_ENV_PROXY`) or by a dispatcher that it was given.
 *
 * @example Reads what another server keeps.
 * ```ts
 * import { handler, json, memory, remote } from "shelflife/server";
 * import { listen } from "shelflife/service/listen";
 *
 * const server = await listen({ answer: handler(memory(), { base: "/store" }), port: 0 });
 * const settings = json<string>(remote({ url: `${server.url}store` }));
 * await settings.set("theme", "dark", { ttl: 60_000 });
 * console.log(await settings.get("theme")); // dark
 * await settings.close();
 * await server.close();
 * ```
 */
export function remote(options: RemoteOptions): Store {
  return remoteFactory.build(remoteFactory.valid(options)) as Store;
}

/**
 * The registry that this door's `open`, `register`, `getFactory`, `methods` and `valid` use: the backends of a server too.
 *
 * @example Lists what this runtime can open.
 * ```ts
 * import { registry } from "shelflife/server";
 *
 * console.log(["memory", "s3", "valkey"].every((name) => registry.methods().includes(name))); // true
 * ```
 */
export const registry: Registry = /* @__PURE__ */ createServerRegistry();

/**
 * Builds the store that a configuration describes. Rejects `bad-config`, with every problem at once.
 *
 * @example Opens the store of a server by its configuration.
 * ```ts
 * import { open } from "shelflife/server";
 *
 * const store = await open({ backend: "sqlite", parameters: { path: ":memory:" } });
 * console.log(await store.increment("visits")); // 1
 * await store.close();
 * ```
 */
export function open<Name extends string>(config: NamedConfig<Name>): Promise<Store> {
  return registry.open(config);
}

/**
 * Checks a configuration without building anything, and returns its options. Throws `bad-config`.
 *
 * @example Checks a configuration, and opens nothing.
 * ```ts
 * import { isStoreError, valid } from "shelflife/server";
 *
 * try {
 *   valid({ backend: "sqlite", parameters: {} as { path: string } });
 * } catch (error) {
 *   console.log(isStoreError(error, "bad-config")); // true
 * }
 * ```
 */
export function valid<Name extends string>(config: NamedConfig<Name>): unknown {
  return registry.valid(config);
}

/**
 * Adds a factory to this door's registry, or puts it in the place of the one of that name.
 *
 * @example Opens a backend of your own by its name.
 * ```ts
 * import { memory, open, register } from "shelflife/server";
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
 * Returns a factory of this door's registry. Throws `bad-config` with the known names when there is none.
 *
 * @example Checks parameters by the factory of a backend.
 * ```ts
 * import { getFactory } from "shelflife/server";
 *
 * console.log(getFactory("sqlite").valid({ path: ":memory:" })); // { path: ':memory:' }
 * ```
 */
export function getFactory(name: string): Factory {
  return registry.getFactory(name);
}

/**
 * Returns the names that this door's registry knows and this runtime can open, sorted.
 *
 * @example Finds out which backends this process can open.
 * ```ts
 * import { methods } from "shelflife/server";
 *
 * console.log(methods().includes("valkey")); // true
 * ```
 */
export function methods(): string[] {
  return registry.methods();
}

function createServerRegistry(): Registry {
  return withComposites(
    createRegistry({
      http: remoteFactory,
      indexeddb: indexeddbFactory,
      localstorage: localstorageFactory,
      memory: memoryFactory,
      s3: s3Factory,
      sessionstorage: sessionstorageFactory,
      sqlite: sqliteFactory,
      valkey: valkeyFactory,
    }),
  );
}
