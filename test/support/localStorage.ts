import { isStoreError, localstorage, type LocalStorageOptions, type Store } from "../../src/index.ts";
import { TextStorage } from "./textStorage.ts";

/** Opens a store in a Storage of its own. */
export function openIn(options: Omit<LocalStorageOptions, "storage"> = {}, quota?: number): [Store, TextStorage] {
  const storage = new TextStorage(quota);
  return [localstorage({ ...options, storage }), storage];
}

/** The keys of a store, in its order. */
export async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  return keys;
}

/** Whether an error has a code, and is about a key. */
export const hasCode = (code: string, key?: string) => (error: unknown) =>
  isStoreError(error) && error.code === code && (key === undefined || error.key === key);
