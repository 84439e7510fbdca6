import type { Change, Entry, CompleteBackend, Listed, Value } from "../../core/contract.ts";
import { UNCHANGED } from "../../core/contract.ts";
import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { createHub, createSharedHub, type Hub } from "../../core/hub.ts";
import { isKey } from "../../core/key.ts";
import { readHead, readValue, writeRecord, type Head } from "./record.ts";
import { createTabs, type TextStorage } from "./tabs.ts";

/** A change as it goes between stores: with the key as it is in the Storage. */
interface Told extends Change {
  /** The deadline of what was set. */
  readonly expiresAt?: number | undefined;
  /** The number behind it, see `createTabs`; 0 if there is none. */
  number: number;
}

/** What is to be written. */
type Item = readonly [key: string, record: string, expiresAt: number];

/** Which keys of which Storage. */
export interface StorageBackendOptions {
  readonly prefix?: string | undefined;
  readonly storage?: "local" | "session" | TextStorage | undefined;
}

/** Returns a backend in a Storage, under keys that begin with a prefix. Only localStorage is shared between contexts. */
export function createStorageBackend({
  prefix = "shelflife:",
  storage = "local",
}: StorageBackendOptions): CompleteBackend<Value> {
  const isShared = storage === "local" || (isNative(storage) && storage === globalThis.localStorage);
  const locks = isShared ? globalThis.navigator?.locks : undefined;
  const watchers = createHub();
  const tabs = createTabs(access, { locks, commit });
  let found: TextStorage | undefined;
  let hub: Hub | undefined;
  let unwatch = (): void => {};
  let told: Told[] = [];
  const heard: Told[] = [];
  // The deadlines in the Storage, from the first sweep on, so that a sweep reads what has expired and not all there is.
  let deadlines: Map<string, number> | undefined;
  // What is left of a listing, as long as nothing changes, so that not every page costs a look at all names.
  let left: { within: string; cursor: string; keys: string[] } | undefined;

  function access(): TextStorage {
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
    hub = isShared ? createSharedHub("shelflife:localstorage") : hubOf(found);
    unwatch = hub.watch({ changed: hear, failed() {} });
    return found;
  }

  /** Runs a step that the Storage may refuse. */
  function step<R>(key: string, work: (storage: TextStorage, name: string) => R): R {
    const storage = access();
    try {
      return work(storage, prefix + key);
    } catch (cause) {
      const code = isQuota(cause) ? "quota-exceeded" : "unavailable";
      throw new StoreError(code, `Storage refused key ${quote(key)}: expected it to work`, { key, cause });
    }
  }

  function read(key: string): string | undefined {
    return step(key, (storage, name) => storage.getItem(name)) ?? undefined;
  }

  function write(key: string, record: string | undefined): void {
    step(key, (storage, name) => (record === undefined ? storage.removeItem(name) : storage.setItem(name, record)));
  }

  /** Does work with no other writer in between, then tells what it changed. */
  function transact<R>(work: () => R): R | Promise<R> {
    access();
    if (locks) return tabs.transact(work);
    try {
      return work();
    } finally {
      commit();
    }
  }

  function commit(): void {
    if (!told.length) return;
    const number = isShared ? tabs.stamp() : 0;
    for (const change of told) change.number = number;
    hub!.report(told);
    told = [];
  }

  function hear(change: Told): void {
    tabs.hear(change.number);
    if (!change.key.startsWith(prefix)) return;
    note(change);
    if (heard.push(change) === 1) void pass();
  }

  /** Tells what was heard in its order: at once, or when whoever is told of it can see it. */
  async function pass(): Promise<void> {
    for (; heard[0]; heard.shift()) {
      const { type, key, number } = heard[0];
      if (!tabs.sees(number)) await tabs.inSight(number);
      watchers.report([{ type, key: key.slice(prefix.length) }]);
    }
  }

  function note({ key: name, expiresAt = Infinity }: Pick<Told, "key" | "expiresAt">): void {
    left = undefined;
    if (expiresAt < Infinity) deadlines?.set(name, expiresAt);
    else deadlines?.delete(name);
  }

  function changed(type: Change["type"], key: string, expiresAt?: number): void {
    const change: Told = { type, key: prefix + key, expiresAt, number: 0 };
    told.push(change);
    note(change);
  }

  function head(key: string): Head | undefined {
    const record = read(key);
    return record === undefined ? undefined : readHead(record);
  }

  /** Reads an entry. The value of one that is damaged fails when it is asked for: it may have expired. */
  function get(key: string): Entry<Value> | undefined {
    const record = read(key);
    if (record === undefined) return undefined;
    const head = readHead(record);
    const value = readValue(record, head);
    if (value !== undefined) return { value, expiresAt: head.expiresAt };
    return {
      expiresAt: head.expiresAt,
      get value(): never {
        throw new StoreError("cant-decode", `Cannot decode key ${quote(key)}: expected a whole record of version 1`, {
          key,
        });
      },
    };
  }

  /** Writes all or nothing. */
  function set(items: readonly Item[], now: number): void {
    const before: (readonly [key: string, record: string | undefined])[] = [];
    try {
      for (const [key, record] of items) {
        // What is refused leaves what was there. So only of several can there be something to bring back.
        const old = items.length > 1 ? read(key) : undefined;
        try {
          write(key, record);
        } catch (error) {
          if (!isStoreError(error, "quota-exceeded") || !sweep(now)) throw error;
          write(key, record);
        }
        before.push([key, old]);
      }
    } catch (error) {
      // What was written goes before anything comes back, so that there is room for it.
      for (const [key] of before) write(key, undefined);
      for (const [key, old] of before) write(key, old);
      deadlines = undefined;
      throw error;
    }
    for (const [key, , expiresAt] of items) changed("set", key, expiresAt);
  }

  function remove(key: string, now: number): boolean {
    const entry = head(key);
    if (!entry) return false;
    const isLive = entry.expiresAt > now;
    write(key, undefined);
    changed(isLive ? "delete" : "expire", key);
    return isLive;
  }

  /** The store's keys that begin with a prefix of their own, in no order. */
  function keys(within: string): string[] {
    return step(within, (storage, start) => {
      // The one way is slow in Chromium, the other in Firefox; and the first lacks names such as "length".
      let names: (string | null)[] = isNative(storage) ? Object.getOwnPropertyNames(storage) : [];
      if (names.length !== storage.length) names = Array.from({ length: storage.length }, (_, at) => storage.key(at));
      const keys: string[] = [];
      for (const name of names) if (name?.startsWith(start)) keys.push(name.slice(prefix.length));
      return keys.filter(isKey);
    });
  }

  function sweep(now: number): number {
    if (!deadlines) {
      deadlines = new Map();
      for (const key of keys("")) note({ key: prefix + key, expiresAt: head(key)?.expiresAt });
    }
    let count = 0;
    for (const [name, at] of deadlines) {
      if (at > now) continue;
      const key = name.slice(prefix.length);
      const entry = head(key);
      note({ key: name, expiresAt: entry?.expiresAt });
      if (!entry || entry.expiresAt > now) continue;
      remove(key, now);
      count++;
    }
    return count;
  }

  return {
    get,
    head,
    set(key, entry, call) {
      const item = itemOf(key, entry);
      return transact(() => set([item], call.now()));
    },
    delete: (key, call) => transact(() => remove(key, call.now())),
    isPersistent: () => typeof storage === "string" || isNative(storage),
    keepsText: true,
    returnsCopies: true,
    copiesValues: true,
    getMany: (keys) => keys.map(get),
    mutate: (key, decide, call) =>
      transact(() => {
        if (isShared && !locks) {
          const message = "Cannot change localStorage atomically: expected Web Locks, which need a secure context";
          throw new StoreError("unsupported", message, { key });
        }
        const next = decide(get(key));
        if (next === UNCHANGED) return;
        if (next) set([itemOf(key, next)], call.now());
        else remove(key, call.now());
      }),
    setMany(items, call) {
      const written = items.map(([key, entry]) => itemOf(key, entry));
      return transact(() => set(written, call.now()));
    },
    deleteMany: (keys, call) => transact(() => keys.filter((key) => remove(key, call.now())).length),
    list({ prefix: within, limit, cursor = "" }) {
      const goesOn = left?.within === within && left.cursor === cursor;
      const rest = goesOn
        ? left!.keys
        : keys(within)
            .filter((key) => key > cursor)
            .sort();
      const page = rest.slice(0, limit);
      const entries: Listed[] = [];
      for (const key of page) {
        const entry = head(key);
        if (entry) entries.push({ key, expiresAt: entry.expiresAt, size: entry.size });
      }
      if (rest.length <= limit) return { entries };
      left = { within, cursor: page.at(-1)!, keys: rest.slice(limit) };
      return { entries, cursor: left.cursor };
    },
    clear: ({ prefix: within }, call) =>
      transact(() => {
        for (const key of keys(within)) remove(key, call.now());
      }),
    sweep: (call) => transact(() => sweep(call.now())),
    watch(_, observer) {
      access();
      return watchers.watch(observer);
    },
    async close() {
      await tabs.settled();
      unwatch();
      if (isShared) hub?.close();
      watchers.close();
    },
  };
}

function isNative(storage: unknown): storage is Storage {
  return typeof Storage !== "undefined" && storage instanceof Storage;
}

function isQuota(error: unknown): boolean {
  const { name, code } = (error ?? {}) as Partial<DOMException>;
  return name === "QuotaExceededError" || code === 22 || code === 1014;
}

function itemOf(key: string, entry: Entry<Value>): Item {
  return [key, writeRecord(entry), entry.expiresAt];
}

const hubs = /* @__PURE__ */ new WeakMap<object, Hub>();

/** The one hub of a Storage that no other context knows. */
function hubOf(storage: object): Hub {
  let hub = hubs.get(storage);
  if (!hub) hubs.set(storage, (hub = createHub()));
  return hub;
}
