import type { Entry, Store } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { isWellFormed } from "../../core/key.ts";
import { encodeText } from "../../core/utf8.ts";
import { unreadable } from "../peer/foreign.ts";
import { fromRecord, isRecord, textIn, toRecord } from "../peer/record.ts";
import { checkMethods } from "../peer/methods.ts";
import { slotsStore, type ExclusiveOptions } from "../peer/slotsStore.ts";

/** How {@link fromStrings} keeps values. */
export type FromStringsOptions = ExclusiveOptions;

/** What is used of an asynchronous storage of strings; React Native's AsyncStorage is one. */
export interface AsyncStorageLike {
  getItem(key: string): Promise<string | null | undefined>;
  setItem(key: string, value: string): Promise<unknown>;
  removeItem(key: string): Promise<unknown>;
  /** Without it nothing is listed, cleared, swept or watched. */
  getAllKeys?(): Promise<readonly string[]>;
}

/** Returns what is stored of an entry: without a deadline its text, if it is text. */
function encode(entry: Entry): string {
  const text = entry.expiresAt === Infinity ? textIn(entry.value) : undefined;
  return text === undefined || isRecord(text) ? toRecord(entry) : text;
}

function decode(key: string, found: unknown): Entry {
  if (isWellFormed(found))
    return isRecord(found) ? fromRecord(key, found) : { value: encodeText(found), expiresAt: Infinity };
  const message = `Cannot decode key ${quote(key)}: expected a well-formed string, got ${quote(found)}`;
  return unreadable(new StoreError("cant-decode", message, { key }));
}

/**
 * Returns a store over an asynchronous storage of strings that an app has, such as React Native's AsyncStorage.
 *
 * What the app wrote reads as its UTF-8 bytes, so `text(fromStrings(storage)).get(key)` is what `storage.getItem(key)` is. What the
 * store writes without a deadline, the app reads as the text that it is. What has a deadline, or is no text, lies in a record
 * that only a store can read.
 *
 * Such a storage has no transactions. With `exclusive` calls are atomic among all stores over this object; without it, atomic
 * calls and `sweep` are `unsupported`. `setMany` puts back what it replaced when it fails, but not after a crash. A `watch`
 * reports what stores over this object write, and nothing that the app writes past them. There is no index of deadlines: a
 * sweep reads everything. Without `getAllKeys` nothing is listed, cleared, swept or watched. Keys of the app that no store can
 * have are left alone; `migrate` reports them.
 *
 * Closing the store leaves the storage as it is. Throws `bad-config`.
 *
 * @example Gives an app's storage deadlines.
 * ```ts
 * import { memory } from "shelflife";
 * import { fromStrings, strings } from "shelflife/adapters/strings";
 * import { text } from "shelflife/extras";
 *
 * const storage = strings(memory()); // import storage from "@react-native-async-storage/async-storage"
 * await storage.setItem("theme", "dark");
 * const store = text(fromStrings(storage, { exclusive: true }));
 * console.log(await store.get("theme")); // dark
 * await store.set("code", "1234", { ttl: 60_000 });
 * console.log(await store.take("code")); // 1234
 * ```
 */
export function fromStrings(asyncStorage: AsyncStorageLike, options: FromStringsOptions = {}): Store {
  const storage = checkMethods("strings", asyncStorage, "expected a storage", ["getItem", "setItem", "removeItem"]);
  const slots = {
    library: "the storage",
    find: async (key: string) => storage.getItem(key),
    put: async (key: string, slot: unknown) => storage.setItem(key, slot as string),
    remove: async (key: string) => storage.removeItem(key),
    keys: async () => storage.getAllKeys!(),
    encode,
    decode,
  };
  return slotsStore("strings", storage, options, slots, {
    canList: typeof storage.getAllKeys === "function",
    isPersistent: () => true,
  });
}
