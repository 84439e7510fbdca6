import type { Entry, Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { isWellFormed } from "../../core/key.ts";
import { encodeText } from "../../core/utf8.ts";
import { bytesOf, toJson, unreadable } from "../peer/foreign.ts";
import { createNames } from "../peer/names.ts";
import { fromRecord, isRecord, textIn, toRecord } from "../peer/record.ts";
import { checkMethods } from "../peer/methods.ts";
import { slotsStore, type ExclusiveOptions } from "../peer/slotsStore.ts";

/** How {@link fromUnstorage} keeps values. */
export type FromUnstorageOptions = ExclusiveOptions;

/** What is used of a storage of unstorage's. */
export interface UnstorageLike {
  getItemRaw(key: string): Promise<any>;
  setItem(key: string, value: any): Promise<void>;
  setItemRaw(key: string, value: any): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(): Promise<string[]>;
  getMount?(key: string): { driver: any };
}

/** Whether unstorage gives a key back as it is, and no driver takes it for a path that leads elsewhere, or for metadata. */
function isPlain(key: string): boolean {
  return !/[/\\?%\0]|::|^:|[:$]$/.test(key) && !key.split(":").some((part) => /^\.+$/.test(part));
}

/** Returns the text that is stored of an entry. */
function encode(entry: Entry): string {
  const text = entry.expiresAt === Infinity ? textIn(entry.value) : undefined;
  // Drivers take empty text for nothing, and unstorage text behind "base64:" for bytes.
  return !text || isRecord(text) || text.startsWith("base64:") ? toRecord(entry) : text;
}

function decode(key: string, found: unknown): Entry {
  const bytes = bytesOf(found);
  // Many a driver has bytes for text.
  const text = bytes ? (bytes[0] === 126 ? textIn(bytes) : undefined) : found;
  if (typeof text === "string" && isRecord(text)) return fromRecord(key, text);
  try {
    const value = bytes ?? encodeText(isWellFormed(found) ? found : toJson(key, found));
    return { value, expiresAt: Infinity };
  } catch (error) {
    return unreadable(error as StoreError);
  }
}

/**
 * Returns a store over a storage of unstorage's that an app has, with any driver, a Nitro or Nuxt mount too.
 *
 * What the app wrote reads as the bytes that lie there: text, the JSON of an object, or raw bytes; nothing is guessed from text. What
 * the store writes without a deadline, the app reads with `getItem`. What has a deadline, is empty or no text, lies in a
 * record that only a store can read.
 *
 * unstorage takes `a/b` for `a:b`, and cuts keys at a `?`. Such a key, and any other that it or a driver would change, has the name `~hex~` and its
 * UTF-8 bytes in hexadecimal digits; all others lie under their own names.
 *
 * unstorage has no transactions. With `exclusive` calls are atomic among all stores over this object; without it, atomic calls
 * and `sweep` are `unsupported`. `setMany` puts back what it replaced when it fails, but not after a crash. A `watch` reports
 * what stores over this object write, and nothing that the app writes past them. There is no index of deadlines: a sweep
 * reads everything. A write to a driver that takes none is `unsupported`. Keys of the app that no store can have are left
 * alone; `migrate` reports them.
 *
 * Closing the store leaves the storage as it is. Throws `bad-config`.
 *
 * @example Takes what an app has in unstorage into SQLite, or anywhere else.
 * ```ts
 * import { memory, migrate } from "shelflife";
 * import { fromUnstorage, unstorage } from "shelflife/adapters/unstorage";
 * import { text } from "shelflife/extras";
 *
 * const storage = unstorage(memory()); // createStorage(…)
 * await storage.setItem("users:ada", "Ada");
 * const target = memory();
 * await migrate(fromUnstorage(storage), target);
 * console.log(await text(target).get("users:ada")); // Ada
 * ```
 */
export function fromUnstorage(storage: UnstorageLike, options: FromUnstorageOptions = {}): Store {
  checkMethods("unstorage", storage, "expected a storage", [
    "getItemRaw",
    "setItem",
    "setItemRaw",
    "removeItem",
    "getKeys",
  ]);
  const { toName: nameOf, toKey } = createNames(isPlain);
  let isProven = false;
  const unwritable = (expected: string): StoreError =>
    new StoreError("unsupported", `Cannot write to driver: expected ${expected}`);
  const driverOf = (name: string): any => storage.getMount?.(name)?.driver;

  /** unstorage itself says nothing of it. */
  function checkWritable(name: string, method: "setItem" | "removeItem"): void {
    const driver = driverOf(name);
    if (!driver || typeof driver[method] === "function") return;
    throw unwritable(`one with "${method}", got "${driver.name}"`);
  }

  const slots = {
    library: "unstorage",
    find: async (key: string) => storage.getItemRaw(nameOf(key)),
    async put(key: string, slot: unknown) {
      const name = nameOf(key);
      checkWritable(name, "setItem");
      const before = isProven ? undefined : await storage.getItemRaw(name);
      // What is put back may be no text.
      await (typeof slot === "string" ? storage.setItem(name, slot) : storage.setItemRaw(name, slot));
      if (isProven) return;
      // A storage below a prefix names another's driver, so that what takes no writes is only seen by what comes of the first.
      const after = await storage.getItemRaw(name);
      isProven = after !== undefined && after !== null && (after !== before || after === slot);
      if (!isProven) throw unwritable("one that keeps what it is given");
    },
    async remove(key: string) {
      const name = nameOf(key);
      checkWritable(name, "removeItem");
      await storage.removeItem(name);
    },
    keys: async () => (await storage.getKeys()).map(toKey),
    encode,
    decode,
  };
  return slotsStore("unstorage", storage, options, slots, {
    canList: true,
    isPersistent: () => !/memory|lru|session|null/i.test(`${driverOf("")?.name}`),
  });
}
