import { createComposite, type PartRule } from "../core/composite.ts";
import { kindOf, quote } from "../core/error.ts";
import { isWellFormed } from "../core/key.ts";
import { milliseconds, positiveInteger, type Rule } from "../core/options.ts";
import type { Part } from "../core/part.ts";
import type { Factory, Registry } from "../core/registry.ts";
import { suggest } from "../core/suggest.ts";
import { encodeText } from "../core/utf8.ts";
import type { CompressedOptions } from "../views/compressed.ts";
import type { FallbackOptions } from "./fallback.ts";

/** The parameters of a `prefix` by configuration. */
export interface PrefixParameters {
  /** What the keys begin with in the store below. */
  prefix: string;
  /** The store below, or its configuration. */
  of: Part;
}

/** The parameters of a `compressed` view by configuration. */
export interface CompressedParameters extends CompressedOptions {
  /** The store below, or its configuration. */
  of: Part;
}

/** The parameters of an `encrypted` view by configuration. */
export interface EncryptedParameters {
  /**
   * By its id each key: a `CryptoKey`, or the name of the variable of the environment that has the base64 of its 16 or 32 bytes. A
   * configuration holds no key itself.
   */
  keys: Readonly<Record<string, CryptoKey | { readonly env: string }>>;
  /** The id of the key that encrypts. @default the last of `keys` */
  use?: string | undefined;
  /** The store below, or its configuration. */
  of: Part;
}

/** The parameters of a `fallback` by configuration. */
export interface FallbackParameters extends Pick<FallbackOptions, "patience"> {
  /** Stores, or their configurations, of which the first that works is used. */
  of: readonly Part[];
}

declare module "../core/registry.ts" {
  interface Backends {
    compressed: CompressedParameters;
    encrypted: EncryptedParameters;
    fallback: FallbackParameters;
    prefix: PrefixParameters;
  }
}

/** The variables of an environment. */
type Environment = Readonly<Record<string, string | undefined>>;

const wellFormed: Rule = { expected: "a well-formed string", test: isWellFormed };
const size: Rule = { expected: "a number of bytes", test: (value) => typeof value === "number" && value >= 0 };

/**
 * Adds what stands on other stores to a registry that opens those: `prefix`, `compressed`, `encrypted` and `fallback`, each with the
 * option `of`. Returns the registry. Keys of encryption are read from `env`, by default the process's.
 *
 * @example Opens a view of a store by its configuration.
 * ```ts
 * import { createRegistry, memoryFactory } from "shelflife";
 * import { withComposites } from "shelflife/over/composites";
 *
 * const registry = withComposites(createRegistry({ memory: memoryFactory }));
 * const store = await registry.open({
 *   backend: "prefix",
 *   parameters: { prefix: "app/", of: { backend: "compressed", parameters: { of: { backend: "memory" } } } },
 * });
 * await store.set("greeting", new TextEncoder().encode("hello"));
 * console.log(await store.has("greeting")); // true
 * await store.close();
 * ```
 */
export function withComposites(registry: Registry, env?: Environment): Registry {
  for (const [name, factory] of Object.entries(createFactories(registry, env))) registry.register(name, factory);
  return registry;
}

function createFactories(registry: Registry, env: Environment | undefined): Record<string, Factory> {
  const variables = (): Environment => env ?? (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
  // What a store is made by is loaded when one is opened.
  return {
    prefix: createComposite<PrefixParameters>(
      "prefix",
      registry,
      { prefix: { ...wellFormed, required: true } },
      false,
      async ({ of, prefix: before }, open) => {
        const { prefix } = await import("../views/prefix.ts");
        return prefix(await open(of), before);
      },
    ),
    compressed: createComposite<CompressedParameters>(
      "compressed",
      registry,
      { over: size, maxBytes: positiveInteger },
      false,
      async ({ of, ...options }, open) => {
        const { compressed } = await import("../views/compressed.ts");
        return compressed(await open(of), options);
      },
    ),
    encrypted: createComposite<EncryptedParameters>(
      "encrypted",
      registry,
      { keys: keysRule(variables), use: useRule },
      false,
      async ({ of, keys, use }, open) => {
        const { encrypted } = await import("../views/encrypted.ts");
        const found = Object.entries(keys).map(
          async ([id, key]) => [id, "env" in key ? await importKey(variables()[key.env]!) : key] as const,
        );
        return encrypted(await open(of), { keys: Object.fromEntries(await Promise.all(found)), use });
      },
    ),
    fallback: createComposite<FallbackParameters>(
      "fallback",
      registry,
      { patience: milliseconds },
      true,
      async ({ of, patience }, open) => {
        const { fallback } = await import("./fallback.ts");
        return fallback(
          of.map((part) => () => open(part)),
          { patience },
        );
      },
    ),
  };
}

/** What `use` has to be: an id of the keys beside it. */
const useRule: PartRule = {
  expected: "the id of one of the keys",
  test: () => true,
  problems(value, { keys }) {
    const ids = Object.keys(Object(keys) as object);
    if (value === undefined || ids.includes(value as string)) return [];
    return [`one of ${ids.map(quote).join(", ")}, got ${quote(value)}${suggest(String(value), ids)}`];
  },
};

/** What `keys` have to be. No message shows what stands in the place of a name. */
function keysRule(variables: () => Environment): PartRule {
  const expected = 'an object of keys by their ids, each { "env": "NAME" }';
  return {
    expected,
    test: () => true,
    problems(value) {
      if (kindOf(value) !== "Object" || !Object.keys(value as object).length)
        return [`${expected}, got ${quote(Object(value) === value ? value : typeof value)}`];
      return Object.entries(value as object).flatMap(([id, key]) => {
        const problem =
          isWellFormed(id) && id && encodeText(id).length < 256
            ? problemOf(key, variables())
            : "1 to 255 UTF-8 bytes as its id";
        return problem === undefined ? [] : [`right for ${quote(id)}: expected ${problem}`];
      });
    },
  };
}

function problemOf(key: unknown, variables: Environment): string | undefined {
  if ((key as Partial<CryptoKey> | undefined)?.algorithm?.name === "AES-GCM") return undefined;
  const names = Object.keys(Object(key) as object);
  const unknown = names.find((name) => name !== "env");
  if (kindOf(key) !== "Object" || unknown !== undefined || names.length === 0)
    return `the form { "env": "NAME" }${unknown === undefined ? "" : `, got ${quote(unknown)}${suggest(unknown, ["env"])}`}`;
  const { env } = key as { env: unknown };
  if (typeof env !== "string" || !/^\w+$/.test(env)) return 'the name of a variable of the environment as its "env"';
  const value = variables[env];
  if (value === undefined) return `its environment variable ${env} to be set`;
  return decodeKey(value) ? undefined : `the base64 of 16 or 32 bytes in its environment variable ${env}`;
}

function decodeKey(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return bytes.length === 16 || bytes.length === 32 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function importKey(base64: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", decodeKey(base64)!, "AES-GCM", false, ["encrypt", "decrypt"]);
}
