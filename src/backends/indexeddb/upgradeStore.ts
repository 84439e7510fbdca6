import { kindOf, quote, StoreError } from "../../core/error.ts";
import { checkOptions, nonEmptyString } from "../../core/options.ts";
import { unwrapDatabase } from "../../core/unwrapDatabase.ts";
import { expiryIndex } from "./listing.ts";

/** An `IDBDatabase`, or one in a proxy of the `idb` package. */
export interface DatabaseLike {
  readonly name: string;
  readonly objectStoreNames: { readonly length: number };
  createObjectStore(...args: any[]): unknown;
}

/**
 * Makes what a store needs in an app's database, unless it is there: an object store of that name, and one of that name with
 * `-marks` behind it. To be called in the app's own upgrade, for any version. Throws `bad-config` outside of one, and where the app
 * has made one of the two for itself.
 *
 * @example Makes room for a store in an upgrade.
 * ```ts
 * import { upgradeStore } from "shelflife/backends/indexeddb";
 * import { openDB } from "idb";
 *
 * const database = await openDB("upgraded", 1, { upgrade: (made) => upgradeStore(made, "shelf") });
 * console.log([...database.objectStoreNames].join()); // shelf,shelf-marks
 * ```
 */
export function upgradeStore(database: DatabaseLike, storeName: string): void {
  checkOptions("indexeddb", { storeName }, { storeName: { ...nonEmptyString, required: true } });
  makeStores(database as IDBDatabase, storeName);
}

/** The object stores of one store in an app's database, in the order of their names. */
export const namesOf = (storeName: string): [entries: string, marks: string] => [storeName, `${storeName}-marks`];

/** Whether a value is a database, or a proxy of one. */
export const isDatabase = (value: unknown): boolean => kindOf(value) === "IDBDatabase";

/** Throws `bad-config`. */
export function refuse(expected: string, got: string, cause?: unknown): never {
  throw new StoreError("bad-config", `Cannot open store "indexeddb": expected ${expected}, got ${got}`, { cause });
}

/** Makes the object stores of a store in a database that is being upgraded, unless they are there. Throws `bad-config`. */
function makeStores(given: IDBDatabase, storeName: string): void {
  if (!isDatabase(given)) refuse("an IDBDatabase", quote(given));
  const database = unwrapDatabase(given);
  const missing = namesOf(storeName).filter((name) => !database.objectStoreNames.contains(name));
  if (!missing.length) return;
  if (missing.length < 2) refuse(`names that the app has no object store of, ${quote(namesOf(storeName).join(", "))}`, "one of the app's"); // prettier-ignore
  try {
    database.createObjectStore(storeName).createIndex(expiryIndex, "e");
    database.createObjectStore(missing[1]!, { autoIncrement: true });
  } catch (cause) {
    refuse("a database that is being upgraded", `${cause}`, cause);
  }
}
