import type { Store } from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { isKey } from "../core/key.ts";
import { checkOptions, storeRules, type Rule, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { createStorageBackend, numberKey } from "./localstorage/backend.ts";
import type { TextStorage } from "./localstorage/textStorage.ts";

/** Which keys of sessionStorage a store has. */
export interface SessionStorageOptions extends StoreOptions {
  /**
   * What the store's items begin with in the Storage. Others there are left alone. A prefix whose only colon is at its end stands
   * there as it is; in any other, colons are escaped and "~:" follows, so that stores of different prefixes never see each other.
   * Version 0.1 wrote every prefix as it is: where entries of that may lie under one of the second kind, each call rejects
   * `bad-config` until the page has renamed them. @default "shelflife:"
   */
  prefix?: string | undefined;
}

/** Which keys of which Storage a store has. */
export interface LocalStorageOptions extends SessionStorageOptions {
  /** The page's localStorage or sessionStorage, or an object that works like one and is not shared. @default "local" */
  storage?: "local" | "session" | TextStorage | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    localstorage: LocalStorageOptions;
    sessionstorage: SessionStorageOptions;
  }
}

/**
 * Returns a store in localStorage, or in another Storage. Values are kept as text, those that are no UTF-8 in 15 bits
 * of each UTF-16 unit. Between tabs, writes are in turn by Web Locks and reads are each tab's own view, which is
 * milliseconds behind. Without Web Locks, which need a secure context, atomic calls on localStorage are `unsupported`;
 * those of Node and Deno hold within one process. Throws `bad-config`.
 *
 * @example Remembers a setting in every tab.
 * ```ts
 * import { json, localstorage } from "shelflife";
 *
 * const settings = json<string>(localstorage({ prefix: "settings:" }));
 * await settings.set("theme", "dark");
 * console.log(await settings.get("theme")); // dark
 * ```
 */
export function localstorage(options: LocalStorageOptions = {}): Store {
  return localstorageFactory.build(localstorageFactory.valid(options)) as Store;
}

/**
 * Returns a store in sessionStorage, which belongs to one tab and ends with it. Throws `bad-config`.
 *
 * @example Remembers where a tab was, for an hour.
 * ```ts
 * import { json, sessionstorage } from "shelflife";
 *
 * const places = json<number>(sessionstorage());
 * await places.set("scroll", 1200, { ttl: 3_600_000 });
 * console.log(await places.find("scroll")); // 1200
 * ```
 */
export function sessionstorage(options: SessionStorageOptions = {}): Store {
  return sessionstorageFactory.build(sessionstorageFactory.valid(options)) as Store;
}

const prefix: Rule = {
  // Where the number is kept by which tabs follow one another.
  expected: 'a non-empty string that "~shelflife" does not begin with',
  test: (value) => isKey(value) && !numberKey.startsWith(value),
};
const storage: Rule = {
  expected: '"local", "session" or a Storage',
  test: (value) =>
    value === "local" ||
    value === "session" ||
    (["getItem", "key", "removeItem", "setItem"] as const).every(
      (name) => typeof (value as Storage)?.[name] === "function",
    ),
};

/** Whether this context has a Storage. Blocked by the browser's settings, its property throws. */
function has(name: "localStorage" | "sessionStorage"): boolean {
  try {
    return !!globalThis[name];
  } catch {
    return false;
  }
}

/**
 * The factory of {@link localstorage}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry } from "shelflife";
 * import { localstorageFactory } from "shelflife/backends/localstorage";
 *
 * const registry = createRegistry({ localstorage: localstorageFactory });
 * console.log(registry.methods()); // [ 'localstorage' ]
 * ```
 */
export const localstorageFactory: Factory<LocalStorageOptions> = {
  isAvailable: () => has("localStorage"),
  valid: (parameters) =>
    checkOptions<LocalStorageOptions>("localstorage", parameters, { ...storeRules, prefix, storage }),
  build: (options) => createCompleteStore(createStorageBackend(options), options),
};

/**
 * The factory of {@link sessionstorage}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry } from "shelflife";
 * import { sessionstorageFactory } from "shelflife/backends/localstorage";
 *
 * const registry = createRegistry({ sessionstorage: sessionstorageFactory });
 * console.log(registry.methods()); // [ 'sessionstorage' ]
 * ```
 */
export const sessionstorageFactory: Factory<SessionStorageOptions> = {
  isAvailable: () => has("sessionStorage"),
  valid: (parameters) => checkOptions<SessionStorageOptions>("sessionstorage", parameters, { ...storeRules, prefix }),
  build: (options) => localstorageFactory.build({ ...options, storage: "session" }),
};
