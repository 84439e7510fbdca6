import type { Store } from "./contract.ts";
import { isStoreError, quote, StoreError } from "./error.ts";

/**
 * The parameters of each backend by name, so that `open` completes and checks them. Others add theirs by declaration
 * merging: `declare module "shelflife" { interface Backends { mine: MyOptions } }`.
 */
// oxlint-disable-next-line no-empty-interface -- every backend adds its own line
export interface Backends {}

/** A name in a configuration object becomes a store: `{ backend, parameters }`. */
export type Config<Name extends string = string> = Name extends keyof Backends
  ? {} extends Backends[Name]
    ? { backend: Name; parameters?: Backends[Name] | undefined }
    : { backend: Name; parameters: Backends[Name] }
  : { backend: Name; parameters?: unknown };

/** Checks a backend's parameters and builds its store. */
export interface Factory<Options = any> {
  /** Returns the options if the parameters are right. Pure. Throws one `bad-config` with every problem. */
  valid(parameters: unknown): Options;
  /**
   * Returns parameters, which `valid` takes, with each name of a file in them as `resolve` returns it. A configuration file
   * resolves what is relative from its own folder. @default no parameter is the name of a file
   */
  locate?(parameters: Options, resolve: (path: string) => string): Options;
  /** Returns whether this runtime has what the backend stands on. Never throws. @default it has */
  isAvailable?(): boolean;
  build(options: Options): Store | Promise<Store>;
}

/** The factories that can be opened by name. */
export interface Registry {
  /** Adds a factory, or puts it in the place of the one of that name. */
  register(name: string, factory: Factory): void;
  /** Returns a factory. Throws `bad-config` with the known names when there is none of that name. */
  getFactory(name: string): Factory;
  /** Returns the names that this runtime can open, sorted. */
  methods(): string[];
  /** Checks a configuration without building anything, and returns its options. Throws `bad-config`. */
  valid<Name extends string>(config: NamedConfig<Name>): unknown;
  /** Builds the store that a configuration describes. Rejects `bad-config`. */
  open<Name extends string>(config: NamedConfig<Name>): Promise<Store>;
}

/** A {@link Config} whose backend name completes to the known ones. */
export type NamedConfig<Name extends string> = Config<Name> & { backend: Name | keyof Backends };

/** Where what stands beside a configuration's two parts was meant to be. */
function placeOf(name: string): string {
  if (/^b[ack]+e?n/i.test(name)) return 'named "backend"';
  return /^p[ar]+m/i.test(name) ? 'named "parameters"' : 'within "parameters"';
}

/**
 * Returns a registry of its own, with the given factories in it.
 *
 * @example Opens two backends by their names, and knows no other.
 * ```ts
 * import { createRegistry, memoryFactory, remoteFactory } from "shelflife";
 *
 * const registry = createRegistry({ memory: memoryFactory, http: remoteFactory });
 * console.log(registry.methods()); // [ 'http', 'memory' ]
 * const store = await registry.open({ backend: "memory" });
 * await store.close();
 * ```
 */
export function createRegistry(factories: Record<string, Factory> = {}): Registry {
  const known = new Map<string, Factory>();

  function register(name: string, factory: Factory): void {
    if (typeof name !== "string" || name === "" || !factory?.build || !factory.valid) {
      const expected = "a non-empty name and a factory with build and valid";
      throw new StoreError("bad-config", `Cannot register ${quote(name)}: expected ${expected}, got ${quote(factory)}`);
    }
    known.set(name, factory);
  }

  function methods(): string[] {
    return [...known.keys()].filter((name) => known.get(name)!.isAvailable?.() ?? true).sort();
  }

  function getFactory(name: string): Factory {
    const factory = known.get(name);
    if (factory) return factory;
    const names = [...known.keys()].sort().map(quote).join(", ");
    throw new StoreError("bad-config", `Unknown backend ${quote(name)}: expected one of ${names}`);
  }

  function valid(config: Config): unknown {
    const problems = Object.keys(Object(config) as object)
      .filter((name) => name !== "backend" && name !== "parameters")
      .map((name) => `${quote(name)} must be ${placeOf(name)}`);
    try {
      const options: unknown = getFactory(config?.backend).valid(config.parameters);
      if (!problems.length) return options;
    } catch (error) {
      if (!problems.length || !isStoreError(error)) throw error;
      problems.push(error.message.replace(/^Cannot open store "[^"]*": /, ""));
    }
    throw new StoreError("bad-config", `Cannot open store ${quote(config.backend)}: ${problems.join("; ")}`);
  }

  for (const [name, factory] of Object.entries(Object(factories) as typeof factories)) register(name, factory);
  return {
    register,
    getFactory,
    methods,
    valid,
    open: async (config) => {
      const options = valid(config);
      return getFactory(config.backend).build(options);
    },
  };
}
