import type { Store } from "../core/contract.ts";
import { checkCall } from "../core/check.ts";
import { check } from "../core/error.ts";
import { isWellFormed } from "../core/key.ts";
import { milliseconds } from "../core/options.ts";
import { follow } from "./peer/changes.ts";
import { keys, texts } from "./peer/listing.ts";
import { peerOf } from "./peer/peer.ts";
import { find, remove, set, setMany } from "./peer/values.ts";

export { fromStrings, type AsyncStorageLike, type FromStringsOptions } from "./strings/fromStrings.ts";

/** How {@link strings} keeps items. */
export interface StringsOptions {
  /** How long an item lives from when it was last set: ms. @default for ever */
  ttl?: number | undefined;
  /** What the keys begin with in the store. @default "" */
  prefix?: string | undefined;
}

/** A change of an item. `key` is `null` where changes may have been missed, or one cannot be read: read again what you show. */
export interface StringsEvent {
  readonly key: string | null;
  /** Always `null`: a store does not keep what it replaced. */
  readonly oldValue: string | null;
  /** What is there now, `null` for nothing. */
  readonly newValue: string | null;
}

/** An asynchronous storage of strings, as state libraries take one. No method needs its `this`. */
export interface Strings {
  /** Reads an item, `null` for none. */
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  /** Removes an item, if there is one. */
  removeItem(key: string): Promise<void>;
  /** Removes all items, those with the prefix. */
  clear(): Promise<void>;
  getAllKeys(): Promise<string[]>;
  entries(): Promise<[key: string, value: string][]>;
  /** Reads items by their keys, `null` for none. */
  getMany(keys: readonly string[]): Promise<Record<string, string | null>>;
  /** Writes items, all or none. */
  setMany(items: Readonly<Record<string, string>>): Promise<void>;
  removeMany(keys: readonly string[]): Promise<void>;
  /**
   * Calls a listener after each change, from whichever tab or process, this one included. Returns how to stop. Where the store
   * has no `watch` nothing is reported.
   */
  addListener(listener: (event: StringsEvent) => unknown): () => void;
}

/**
 * Returns an asynchronous storage of strings over a store: what zustand, TanStack Query, redux-persist, jotai, Apollo's cache,
 * supabase, Amplify and React Native's AsyncStorage take. Keys are any strings. What is not there is `null`, and to
 * remove it is no error. None of these libraries knows of a lifetime, so it is an option here. The store stays yours to close.
 *
 * In the store an item is its UTF-8 text. A value with a lone surrogate, which has none, is `invalid-argument`.
 *
 * @example Keeps a state of zustand's, or of any other library with such a storage.
 * ```ts
 * import { memory } from "shelflife";
 * import { strings } from "shelflife/adapters/strings";
 *
 * const storage = strings(memory(), { prefix: "app/", ttl: 86_400_000 }); // persist(…, { storage: createJSONStorage(() => storage) })
 * await storage.setItem("settings", '{"theme":"dark"}');
 * console.log(await storage.getItem("settings")); // {"theme":"dark"}
 * console.log(await storage.getItem("other")); // null
 * ```
 */
export function strings(store: Store, options: StringsOptions = {}): Strings {
  const { ttl, prefix } = checkCall<StringsOptions>(options);
  check(ttl === undefined || milliseconds.test(ttl), "ttl", milliseconds.expected, ttl);
  const peer = peerOf(store, prefix);

  const getItem = async (key: string): Promise<string | null> => (await find(peer, key)) ?? null;

  function checked(value: string): string {
    check(isWellFormed(value), "value", "a well-formed string", value);
    return value;
  }

  async function removeMany(keys: readonly string[]): Promise<void> {
    await remove(peer, keys);
  }

  return {
    getItem,
    setItem: async (key, value) => set(peer, key, checked(value), { ttl }),
    removeItem: (key) => removeMany([key]),
    clear: () => store.clear({ prefix }),
    getAllKeys: () => keys(peer),
    async entries() {
      const found: [string, string][] = [];
      for await (const item of texts(peer)) found.push(item);
      return found;
    },
    getMany: async (keys) =>
      Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await getItem(key)] as const))),
    setMany: async (items) =>
      setMany(
        peer,
        Object.entries(items).map(([key, value]) => [key, checked(value), { ttl }]),
      ),
    removeMany,
    addListener(listener) {
      const stopped = follow(peer, async (key, isSet) => {
        // What cannot be read may be anything.
        const newValue = isSet && key !== null ? await getItem(key).catch(() => (key = null)) : null;
        listener({ key, oldValue: null, newValue });
      }).catch(() => undefined);
      return () => {
        listener = () => {};
        void stopped.then((stop) => stop?.());
      };
    },
  };
}
