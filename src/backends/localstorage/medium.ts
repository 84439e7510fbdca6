import { quote, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { isOldRecord } from "./record.ts";
import { isNative, type TextStorage } from "./textStorage.ts";

/**
 * Returns what the names of a store's items begin with, such that those of no other prefix begin with it: the prefix itself if its
 * only colon is at its end, otherwise one in which colons are escaped, and that ends in "~:".
 */
export function rootOf(prefix: string): string {
  return /^[^:~]*:$/.test(prefix) ? prefix : `${prefix.replace(/[~:]/g, (unit) => (unit === "~" ? "~0" : "~1"))}~:`;
}

/** The items of a Storage whose names begin with a prefix, by keys without it. */
export interface Medium {
  /** Returns the Storage, which is looked up at the first use. Throws `unavailable` as long as this context has none. */
  open(): TextStorage;
  /** The name of a key's item. */
  nameOf(key: string): string;
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
  const root = rootOf(prefix);
  let found: TextStorage | undefined;

  function open(): TextStorage {
    if (found) return found;
    let candidate: TextStorage | undefined;
    let cause: unknown;
    let old: string | undefined;
    try {
      candidate = typeof storage === "object" ? storage : globalThis[`${storage}Storage`];
      if (candidate && root !== prefix) old = findOld(candidate, prefix);
    } catch (error) {
      cause = error; // blocked by the browser's settings
      candidate = undefined;
    }
    if (!candidate) {
      throw new StoreError("unavailable", `Cannot open ${storage}Storage: expected this context to have it`, { cause });
    }
    if (old !== undefined) {
      const expected = `expected no entry of version 0.1 under prefix ${quote(prefix)}, got ${quote(old)}`;
      throw new StoreError(
        "bad-config",
        `Cannot open ${quote(prefix)}: ${expected}; rename it to ${quote(root)} and its key`,
      );
    }
    opened((found = candidate));
    return found;
  }

  /** Runs a step that the Storage may refuse. */
  function step<R>(key: string, work: (storage: TextStorage, name: string) => R): R {
    const storage = open();
    try {
      return work(storage, root + key);
    } catch (cause) {
      const code = isQuota(cause) ? "quota-exceeded" : "unavailable";
      throw new StoreError(code, `Storage refused key ${quote(key)}: expected it to work`, { key, cause });
    }
  }

  return {
    open,
    nameOf: (key) => root + key,
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
        const keys: string[] = [];
        for (const name of namesIn(storage)) if (name?.startsWith(start)) keys.push(name.slice(root.length));
        return keys.filter(isKey);
      }),
  };
}

function namesIn(storage: TextStorage): (string | null)[] {
  // The one way is slow in Chromium, the other in Firefox; and the first lacks names such as "length".
  const names = isNative(storage) ? Object.getOwnPropertyNames(storage) : [];
  if (names.length === storage.length) return names;
  return Array.from({ length: storage.length }, (_, at) => storage.key(at));
}

/**
 * Returns the name of an item that may be an entry of a prefix in version 0.1, where prefixes that begin with one another shared
 * their entries. Whose it is, only the page knows.
 */
function findOld(storage: TextStorage, prefix: string): string | undefined {
  const old = namesIn(storage).find(
    (name) =>
      name?.startsWith(prefix) &&
      // What begins so is a name of today.
      !/^[^:]*~:/.test(name) &&
      isKey(name.slice(prefix.length)) &&
      isOldRecord(storage.getItem(name)!),
  );
  return old ?? undefined;
}

function isQuota(error: unknown): boolean {
  const { name, code } = (error ?? {}) as Partial<DOMException>;
  return name === "QuotaExceededError" || code === 22 || code === 1014;
}
