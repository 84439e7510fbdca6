import { andThen } from "./attempt.ts";
import { checkCall } from "./check.ts";
import {
  UNCHANGED,
  type Awaitable,
  type Backend,
  type Call,
  type Entry,
  type CompleteBackend,
  type Store,
} from "./contract.ts";
import { createCompleteStore } from "./createCompleteStore.ts";
import { check, quote, StoreError } from "./error.ts";
import { callable, milliseconds, type StoreOptions } from "./options.ts";

const required = ["get", "set", "delete", "isPersistent"] as const;

/**
 * Makes a store of a backend: what that leaves out has one fallback each, or the store's call rejects `unsupported`. All
 * else is as for every other store. Throws `invalid-argument`.
 *
 * @example Makes a store of a Map.
 * ```ts
 * import { createStore, type Entry } from "shelflife";
 *
 * const map = new Map<string, Entry>();
 * const store = createStore({
 *   get: (key) => map.get(key),
 *   set: (key, entry) => void map.set(key, entry),
 *   delete: (key) => map.delete(key),
 *   isPersistent: () => false,
 * });
 * await store.set("greeting", new TextEncoder().encode("hello"), { ttl: 60_000 });
 * console.log(await store.has("greeting")); // true
 * await store.close();
 * ```
 */
export function createStore(backend: Backend, options: StoreOptions = {}): Store {
  const isBackend = required.every((name) => typeof backend?.[name] === "function");
  check(isBackend, "backend", `an object with ${required.join(", ")}`, backend);
  const { now, sweepInterval } = checkCall(options);
  check(now === undefined || callable.test(now), "now", callable.expected, now);
  const isInterval = sweepInterval === undefined || milliseconds.test(sweepInterval);
  check(isInterval, "sweepInterval", milliseconds.expected, sweepInterval);
  // Nothing is swept that cannot be.
  return createCompleteStore(complete(backend), backend.sweep ? options : { ...options, sweepInterval: Infinity });
}

/** Returns what was found. Many a medium says `null` for nothing. */
function known<T>(found: T | null | undefined): T | undefined {
  return found ?? undefined;
}

/** Returns a backend with the fallbacks for what it leaves out. */
function complete(backend: Backend): CompleteBackend {
  /** What there is no fallback for. */
  function need<Name extends "mutate" | "list" | "clear" | "sweep" | "watch">(name: Name): Required<Backend>[Name] {
    const method = backend[name] as ((...args: unknown[]) => any) | undefined;
    return (...args: unknown[]) => {
      if (method) return method.apply(backend, args);
      throw new StoreError("unsupported", `Cannot do this: expected a backend with ${quote(name)}`);
    };
  }

  async function remove(key: string, call: Call): Promise<boolean> {
    if (backend.ownExpiry) return backend.delete(key, call);
    // Without decoding what lies there, so that a damaged entry can be removed.
    if (backend.deleteMany) return (await backend.deleteMany([key], call)) > 0;
    const isLive = (entry: Entry | undefined): boolean => !!entry && entry.expiresAt > call.now();
    if (!backend.mutate) return isLive(await backend.get(key, call)) && backend.delete(key, call);
    let wasLive = false;
    await backend.mutate(
      key,
      (found) => {
        wasLive = isLive(found);
        return found ? undefined : UNCHANGED;
      },
      call,
    );
    return wasLive;
  }

  const get = (key: string, call: Call): Awaitable<Entry | undefined> => andThen(backend.get(key, call), known);
  const mutate = need("mutate");
  const { returnsCopies, copiesValues, ownExpiry } = backend;
  return {
    returnsCopies,
    copiesValues,
    ownExpiry,
    get,
    set: (key, entry, call) => backend.set(key, entry, call),
    delete: remove,
    isPersistent: () => backend.isPersistent(),
    mutate: (key, decide, call) => mutate(key, (found) => decide(known(found)), call),
    mutateMany:
      backend.mutateMany &&
      ((keys, decide, call) => backend.mutateMany!(keys, (found) => decide(found.map(known)), call)),
    head: (key, call) => (backend.head ? andThen(backend.head(key, call), known) : get(key, call)),
    getMany: (keys, call) =>
      backend.getMany
        ? andThen(backend.getMany(keys, call), (found) => found.map(known))
        : Promise.all(keys.map((key) => get(key, call))),
    async setMany(items, call) {
      if (backend.setMany) return backend.setMany(items, call);
      for (const [key, entry] of items) await backend.set(key, entry, call);
    },
    async deleteMany(keys, call) {
      if (backend.deleteMany) return backend.deleteMany(keys, call);
      let count = 0;
      for (const key of keys) if (await remove(key, call)) count++;
      return count;
    },
    list: need("list"),
    listKeys: backend.listKeys && ((options, call) => backend.listKeys!(options, call)),
    listEntries: backend.listEntries && ((options, call) => backend.listEntries!(options, call)),
    clear: need("clear"),
    sweep: need("sweep"),
    sweepWithin: backend.sweepWithin && ((options, call) => backend.sweepWithin!(options, call)),
    soonest: backend.soonest && ((call) => backend.soonest!(call)),
    watch: need("watch"),
    flush: (call) => backend.flush?.(call),
    close: () => backend.close?.(),
    take: backend.take && ((key, call) => andThen(backend.take!(key, call), known)),
    increment: backend.increment && ((key, by, expiresAt, call) => backend.increment!(key, by, expiresAt, call)),
    touch: backend.touch && ((key, expiresAt, call) => backend.touch!(key, expiresAt, call)),
  };
}
