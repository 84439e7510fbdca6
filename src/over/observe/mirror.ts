import type { Entry, Store } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import { isSame } from "./isSame.ts";

/** What is known of a key of a store, or of all that begin with a prefix. */
export interface Mirror<V> {
  /** Has a key be read, or all of them if it is empty, as no key is. */
  add(key: string): void;
  /** Reads what is to be read, until nothing is. What fails is to be read again, in whole. */
  read(): Promise<void>;
  /** Returns what lives, and when the next of it expires (epoch ms). The map does not change, and is the one before if it is the same. */
  take(): [shown: ReadonlyMap<string, V>, due: number];
}

/**
 * Returns a mirror that knows nothing yet. After each read it calls `show`, with the first error of those entries among others that
 * cannot be decoded, which stay as they were.
 */
export function createMirror<V>(
  store: Pick<Store<V, any>, "entry" | "entries" | "keys">,
  whole: string,
  prefix: string,
  now: () => number,
  show: (error: unknown) => void,
): Mirror<V> {
  const entries = new Map<string, Entry<V>>();
  const unreadable = new Map<string, unknown>();
  let shown: ReadonlyMap<string, V> = new Map();
  let keys = new Set([whole]);
  let reading: Promise<void> | undefined;

  /** Puts an entry in, or takes it out. A value that is the same stays the same object. */
  function put(key: string, entry: Entry<V> | undefined): void {
    const before = entries.get(key)?.value;
    if (!entry) entries.delete(key);
    else entries.set(key, { ...entry, value: isSame(before, entry.value) ? before! : entry.value });
  }

  /** Throws what is not about one value among others. */
  function skip(error: unknown): void {
    if (whole || !isStoreError(error, "cant-decode")) throw error;
  }

  async function readOne(key: string): Promise<void> {
    try {
      put(key, await store.entry(key));
      unreadable.delete(key);
    } catch (error) {
      skip(error);
      unreadable.set(key, error);
    }
  }

  async function readAll(): Promise<void> {
    const left = new Set([...entries.keys(), ...unreadable.keys()]);
    try {
      for await (const entry of store.entries({ prefix })) {
        put(entry.key, entry);
        left.delete(entry.key);
      }
      for (const key of left) put(key, undefined);
      unreadable.clear();
    } catch (error) {
      skip(error);
      for await (const key of store.keys({ prefix })) left.add(key);
      await Promise.all([...left].map(readOne));
    }
  }

  async function run(): Promise<void> {
    // So that it does not end before it is known to be under way.
    await undefined;
    try {
      while (keys.size) {
        const some = keys;
        keys = new Set();
        await (some.has("") ? readAll() : Promise.all([...some].map(readOne)));
        show([...unreadable.values()][0]);
      }
    } catch (reason) {
      keys.add(whole);
      throw reason;
    } finally {
      reading = undefined;
    }
  }

  return {
    add: (key) => void keys.add(key),
    read: () => (reading ??= run()),
    take() {
      const next = new Map<string, V>();
      let isChanged = false;
      let due = Infinity;
      for (const [key, { value, expiresAt }] of entries) {
        if (expiresAt <= now()) continue;
        due = Math.min(due, expiresAt);
        next.set(key, value);
        isChanged ||= !Object.is(shown.get(key), value);
      }
      if (isChanged || next.size !== shown.size) shown = next;
      return [shown, due];
    },
  };
}
