import { quote, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { isNative, type TextStorage } from "./textStorage.ts";

/** The items of a Storage whose names begin with a prefix, by keys without it. */
export interface Medium {
  /** Returns the Storage, which is looked up at the first use. Throws `unavailable` as long as this context has none. */
  open(): TextStorage;
  read(key: string): string | undefined;
  /** Writes a record, or removes it if there is none. */
  write(key: string, record: string | undefined): void;
  /** The keys that begin with a prefix of their own, in no order. */
  keys(within: string): string[];
}

/** Returns a medium in a Storage. `opened` is called when that was found. */
export function createMedium(
  prefix: string,
  storage: "local" | "session" | TextStorage,
  opened: (storage: TextStorage) => void,
): Medium {
  let found: TextStorage | undefined;

  function open(): TextStorage {
    if (found) return found;
    let cause: unknown;
    try {
      found = typeof storage === "object" ? storage : globalThis[`${storage}Storage`];
    } catch (error) {
      cause = error; // blocked by the browser's settings
    }
    if (!found) {
      throw new StoreError("unavailable", `Cannot open ${storage}Storage: expected this context to have it`, { cause });
    }
    opened(found);
    return found;
  }

  /** Runs a step that the Storage may refuse. */
  function step<R>(key: string, work: (storage: TextStorage, name: string) => R): R {
    const storage = open();
    try {
      return work(storage, prefix + key);
    } catch (cause) {
      const code = isQuota(cause) ? "quota-exceeded" : "unavailable";
      throw new StoreError(code, `Storage refused key ${quote(key)}: expected it to work`, { key, cause });
    }
  }

  return {
    open,
    read: (key) =>
      step(key, (storage, name) => {
        const item = storage.getItem(name) ?? undefined;
        // Those of some platforms are asynchronous.
        if (typeof (item ?? "") !== "string") throw new TypeError(`Expected text, got ${typeof item}`);
        return item;
      }),
    write: (key, record) =>
      step(key, (storage, name) => (record === undefined ? storage.removeItem(name) : storage.setItem(name, record))),
    keys: (within) =>
      step(within, (storage, start) => {
        // The one way is slow in Chromium, the other in Firefox; and the first lacks names such as "length".
        let names: (string | null)[] = isNative(storage) ? Object.getOwnPropertyNames(storage) : [];
        if (names.length !== storage.length) names = Array.from({ length: storage.length }, (_, at) => storage.key(at));
        const keys: string[] = [];
        for (const name of names) if (name?.startsWith(start)) keys.push(name.slice(prefix.length));
        return keys.filter(isKey);
      }),
  };
}

function isQuota(error: unknown): boolean {
  const { name, code } = (error ?? {}) as Partial<DOMException>;
  return name === "QuotaExceededError" || code === 22 || code === 1014;
}
