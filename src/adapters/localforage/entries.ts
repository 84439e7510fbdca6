import type { Entry } from "../../core/contract.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { isStoreError, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { withCode } from "./failure.ts";
import type { LocalForageLike } from "./instance.ts";
import { decode, encode } from "../peer/clones.ts";
import type { Entries } from "../peer/entries.ts";
import { unreadable } from "../peer/foreign.ts";

/** The entries of a localForage instance, and where they lie. */
export interface ForageEntries extends Entries {
  /** The Storage that localForage writes to, if that is what its driver does. */
  storage(): Promise<Storage | undefined>;
}

/** Returns the entries of an instance. */
export function createEntries(instance: LocalForageLike): ForageEntries {
  /** Returns what lies there, `null` for nothing, or why localForage cannot decode it. */
  async function find(key: string): Promise<unknown> {
    try {
      return (await withCode(key, () => instance.getItem(key))) ?? null;
    } catch (error) {
      if (isStoreError(error, "cant-decode")) return error;
      throw error;
    }
  }

  async function put(key: string, entry: Entry): Promise<KeyChange> {
    const write = (): Promise<unknown> => instance.setItem(key, encode(entry));
    // After a write that the quota refused, Firefox's next transaction takes none either; the one after it does.
    const again = (error: unknown): Promise<unknown> =>
      (error as Partial<Error> | undefined)?.name === "InvalidStateError" ? write() : Promise.reject(error);
    await withCode(key, () => write().catch(again));
    return { type: "set", key };
  }

  const allKeys = (): Promise<string[]> => withCode(undefined, () => instance.keys());

  return {
    async read(key) {
      const found = await find(key);
      if (found instanceof StoreError) return unreadable(found);
      // A Blob is read only now, and may be gone.
      return withCode(key, () => decode(key, found));
    },
    put,
    // The medium has no transaction that would put anything back.
    async putAll(items) {
      const old = await Promise.all(items.map(([key]) => find(key)));
      const results = await Promise.allSettled(items.map(([key, entry]) => put(key, entry)));
      const failure = results.find((result) => result.status === "rejected");
      if (!failure) return items.map(([key]) => ({ type: "set", key }));
      // First what gives room back, so that the rest fits.
      for (const [index, [key]] of items.entries()) {
        if (old[index] === null) await instance.removeItem(key).catch(() => {});
      }
      for (const [index, [key]] of items.entries()) {
        if (old[index] !== null && !(old[index] instanceof StoreError))
          await instance.setItem(key, old[index]).catch(() => {});
      }
      throw failure.reason;
    },
    async drop(key, { expiresAt }, at) {
      await withCode(key, () => instance.removeItem(key));
      return { type: expiresAt > at ? "delete" : "expire", key };
    },
    async keys(prefix, after = "") {
      // An app's own keys may be empty, or too long.
      return (await allKeys()).filter((key) => isKey(key) && key.startsWith(prefix) && key > after).sort();
    },
    async strays(prefix) {
      return (await allKeys()).map(String).filter((key) => key.startsWith(prefix) && !isKey(key));
    },
    async storage() {
      // Before, the driver is not known. If it fails, so will the work.
      await instance.ready().catch(() => {});
      return instance.driver() === "localStorageWrapper" ? globalThis.localStorage : undefined;
    },
  };
}
