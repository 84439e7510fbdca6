import type { StoreOptions } from "../../core/options.ts";

/** What is used of an `IDBDatabase`, or of an `IDBPDatabase` of the `idb` package. */
export interface DatabaseLike {
  readonly name: string;
  readonly objectStoreNames: { readonly length: number };
  transaction(...args: any[]): any;
}

/** What is used of a Dexie database. */
export interface DexieLike {
  readonly name: string;
  readonly tables: { readonly name: string }[];
  open(): PromiseLike<unknown>;
  backendDB(): any;
}

/** What `createStore` of idb-keyval returns. */
export type UseStoreLike = (mode: any, callback: (store: any) => any) => Promise<any>;

/** What an app may have of IndexedDB. */
export type IdbLike = DatabaseLike | DexieLike | UseStoreLike;

/** Where a store over an app's database keeps its entries, and how it behaves. */
export interface IdbStoreOptions extends StoreOptions {
  /** The object store, or Dexie's table. It has to exist. @default the only one; that of a `UseStore` */
  storeName?: string | undefined;
}
