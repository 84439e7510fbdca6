import { quote, StoreError } from "../../core/error.ts";
import { unwrapDatabase } from "../../core/unwrapDatabase.ts";
import type { IdbLike, IdbStoreOptions } from "./database.ts";

/** Does work in a transaction of the object store. The work keeps it alive by requests alone. */
export type Use = <R>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<R>) => Promise<R>;

/** Returns how to use an object store of what an app has. Throws `bad-config`. */
export function useOf(given: IdbLike, storeName: IdbStoreOptions["storeName"]): Use {
  const source = given as any;
  if (typeof source === "function") {
    if (storeName !== undefined) refuse("no storeName for what has one of its own", storeName);
    return (mode, work) => Promise.resolve(source(mode, work));
  }
  const isDexie = typeof source?.backendDB === "function";
  const isDatabase = typeof source?.transaction === "function" && source.objectStoreNames;
  if (!isDexie && !isDatabase)
    refuse("an IDBDatabase, a database of idb's or Dexie's, or a UseStore of idb-keyval's", given);
  const names: string[] = isDexie
    ? source.tables.map(({ name }: { name: string }) => name)
    : Array.from<string>(source.objectStoreNames);
  const name = storeName ?? (names.length === 1 ? names[0]! : refuse("a storeName", storeName));
  if (!names.includes(name)) refuse(`a storeName that exists, one of ${quote(names.join(", "))}`, name);
  const database = isDexie ? undefined : unwrapDatabase(source);
  return async (mode, work) => {
    // Dexie opens it when it is asked to; again after its versionchange, if the app lets it.
    if (isDexie && !source.backendDB()) await source.open();
    const opened: IDBDatabase = database ?? source.backendDB();
    return work(opened.transaction(name, mode).objectStore(name));
  };
}

function refuse(expected: string, got: unknown): never {
  throw new StoreError("bad-config", `Cannot open store "idb": expected ${expected}, got ${quote(got)}`);
}
