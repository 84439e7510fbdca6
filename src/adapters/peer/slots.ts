import type { Entry } from "../../core/contract.ts";
import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import type { Entries } from "./entries.ts";

/** Where another library keeps values, as it keeps them. */
export interface Slots {
  /** The name of the library, for messages. */
  readonly library: string;
  /** Reads what lies there, `undefined` or `null` for nothing. */
  find(key: string): Promise<unknown>;
  put(key: string, slot: unknown): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  /** Returns all keys, those too that cannot be a store's. */
  keys(): Promise<readonly string[]>;
  encode(entry: Entry): unknown;
  /** Returns the entry of what lies there, an unreadable one for what has no bytes. */
  decode(key: string, slot: unknown): Entry;
}

/** Returns the entries in the slots of another library. */
export function createEntries(slots: Slots): Entries {
  const { library } = slots;

  async function withCode<R>(key: string | undefined, call: () => Promise<R>): Promise<R> {
    try {
      return await call();
    } catch (cause) {
      if (isStoreError(cause)) throw cause;
      const { name, message } = (cause ?? {}) as Partial<Error>;
      const what = key === undefined ? `Cannot use ${library}` : `Cannot use ${library} for key ${quote(key)}`;
      if (/quota/i.test(`${name}`))
        throw new StoreError("quota-exceeded", `${what}: expected room for the value`, { key, cause });
      throw new StoreError("unavailable", `${what}: expected it to work, got ${quote(message ?? cause)}`, {
        key,
        cause,
      });
    }
  }

  async function put(key: string, slot: unknown): Promise<{ type: "set"; key: string }> {
    await withCode(key, () => slots.put(key, slot));
    return { type: "set", key };
  }

  const find = (key: string): Promise<unknown> => withCode(key, () => slots.find(key));
  const remove = (key: string): Promise<unknown> => withCode(key, () => slots.remove(key));

  async function allKeys(): Promise<string[]> {
    const found = await withCode(undefined, () => slots.keys());
    return [...new Set(found)];
  }

  return {
    async read(key) {
      const found = await find(key);
      return found === undefined || found === null ? undefined : slots.decode(key, found);
    },
    put: (key, entry) => put(key, slots.encode(entry)),
    // The medium has no transaction that would put anything back.
    async putAll(items) {
      const encoded = items.map(([key, entry]) => [key, slots.encode(entry)] as const);
      const old = await Promise.all(items.map(([key]) => find(key)));
      const results = await Promise.allSettled(encoded.map(([key, slot]) => put(key, slot)));
      const failure = results.find((result) => result.status === "rejected");
      if (!failure) return items.map(([key]) => ({ type: "set", key }));
      const isNew = (index: number): boolean => old[index] === undefined || old[index] === null;
      // First what gives room back, so that the rest fits.
      for (const [index, [key]] of items.entries()) if (isNew(index)) await remove(key).catch(() => {});
      for (const [index, [key]] of items.entries()) if (!isNew(index)) await put(key, old[index]).catch(() => {});
      throw failure.reason;
    },
    async drop(key, { expiresAt }, at) {
      await remove(key);
      return { type: expiresAt > at ? "delete" : "expire", key };
    },
    async keys(prefix, after = "") {
      // An app's own keys may be empty, or too long.
      return (await allKeys()).filter((key) => isKey(key) && key.startsWith(prefix) && key > after).sort();
    },
    async strays(prefix) {
      return (await allKeys()).filter((key) => key.startsWith(prefix) && !isKey(key));
    },
  };
}
