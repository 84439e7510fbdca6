import { attempt } from "./core/attempt.ts";
import type { CallOptions, Store } from "./core/contract.ts";
import { checkItems, checkStore } from "./core/check.ts";
import { createCompleteStore } from "./core/createCompleteStore.ts";
import { StoreError } from "./core/error.ts";
import type { Link } from "./core/link.ts";
import { callable, checkOptions, positiveInteger, storeRules, type StoreOptions } from "./core/options.ts";
import type { Part } from "./core/part.ts";
import type { Factory, Registry } from "./core/registry.ts";
import { decodeLoosely, encodeText } from "./core/utf8.ts";
import { copyBytes } from "./core/value.ts";
import { remoteLink } from "./http/link.ts";
import { createFactory } from "./offline/factory.ts";
import { readConflicts, type Conflict } from "./offline/kept.ts";
import { plainLink } from "./offline/plainLink.ts";
import { fetch } from "./offline/pull.ts";
import { createRoom } from "./offline/room.ts";
import { checkRecordKey } from "./offline/names.ts";
import { createRowsHub } from "./offline/rowsHub.ts";
import type { Merge } from "./offline/settle.ts";
import type { Status } from "./offline/status.ts";
import { readWaiting, type Waiting } from "./offline/waiting.ts";
import { keepInStep } from "./offline/sync.ts";

export { mergeJson } from "./offline/mergeJson.ts";
export type { Conflict, Merge, Part, Status, Waiting };

declare module "./core/registry.ts" {
  interface Backends {
    offline: OfflineParameters;
  }
}

/** How two stores are made one. */
export interface OfflineOptions extends StoreOptions {
  /**
   * Makes one value of two, where something else was written on the other side in the meantime: bytes, `undefined` for no
   * value; if it throws, theirs stays and mine is kept as a conflict. It is synchronous, and may run more than once.
   * @default a `set` or `delete` goes over theirs, an `update` or `transact` is done again or gives way
   */
  merge?: Merge | undefined;
  /** Called with each conflict, in the context that found it out, at least once. What is kept is read by `conflicts()`. */
  onConflict?: ((conflict: Conflict) => void) | undefined;
  /**
   * Who decides `compareAndSet`, `setIfAbsent` and `take`: the other side, so that they are `unavailable` without it; or
   * `"local"`, this side at once, so that a lock or a job may be taken twice. @default "remote"
   */
  atomics?: "remote" | "local" | undefined;
  /** How many keys may wait to be pushed; more is `quota-exceeded` at the call. @default 10_000 */
  maxPendingKeys?: number | undefined;
  /** How many bytes of values may wait to be pushed; more is `quota-exceeded` at the call. @default 16 MiB */
  maxPendingBytes?: number | undefined;
  /**
   * How many bytes a value may have that is kept here after it was synced. Of a larger one only its key and deadline are known
   * here: it is read from the other side when it is asked for, and `unavailable` without that. @default any number
   */
  maxValueBytes?: number | undefined;
  /**
   * How many bytes of synced values are kept here, about. What comes when there are so many already is read from the other side
   * when it is asked for. @default any number
   */
  maxBytes?: number | undefined;
}

/** The parameters of an offline store that is opened by its name. */
export interface OfflineParameters extends OfflineOptions {
  /** Where everything is at once: a store, or the configuration of one. */
  local: Part;
  /** Where it is brought when that can be reached: a store, or the configuration of one. */
  remote: Part;
}

/** A store that goes on without its other side. */
export interface OfflineStore extends Store {
  /** Returns how the two sides stand. */
  status(): Status;
  /** Iterates over the status: as it is, and each time that it changes. */
  statuses(): AsyncIterableIterator<Status>;
  /** Lists what waits: of which keys, what, since when and why. What has waited longest is first. */
  pending(options?: CallOptions): Promise<Waiting[]>;
  /** Reads what did not go as it had been wished for, the last at the end. */
  conflicts(options?: CallOptions): Promise<Conflict[]>;
  /** Forgets conflicts, all of them or those with some ids. */
  dismiss(ids?: Iterable<string>): Promise<void>;
  /**
   * Drops what waits, all of it or that of some keys, and resolves with how many keys that were. Theirs is visible then. What
   * is on its way by now may arrive all the same: it is not tried again, waits until that is known, and is theirs if it has.
   */
  discard(keys?: Iterable<string>): Promise<number>;
  /**
   * Makes one round now: takes over what has changed on the other side, and brings there what waits. Rejects `unavailable` or
   * `unauthorized` if it cannot.
   */
  sync(options?: CallOptions): Promise<void>;
}

/**
 * Makes one store of two: everything is read from `local` and written to it at once, and `local` and `remote` are kept in
 * step as far as the network allows. Closing it closes both. Throws `bad-config`, and `unsupported` for a local store that
 * cannot change several keys in one step.
 *
 * The local store holds rows of its own under keys of one letter more: give it to nothing else. What waits is in it, so that it
 * goes when the local store goes: ask the browser not to evict it (`persist`).
 *
 * @example Counts without a network, and with one.
 * ```ts
 * import { memory } from "shelflife";
 * import { offline } from "shelflife/offline";
 *
 * const server = memory(); // in a page: remote({ url: "/store" })
 * const store = offline(memory(), server); // in a page: indexeddb({ database: "app" })
 * await store.increment("visits"); // here, at once
 * await store.increment("visits", 2);
 * await store.flush(); // on the server, as one addition
 * console.log(await server.increment("visits", 0)); // 3
 * await store.close();
 * ```
 */
export function offline(local: Store, remote: Store, options: OfflineOptions = {}): OfflineStore {
  checkStore(local);
  checkStore(remote);
  // Random once, and then counted: nobody else has them, and they cost nothing.
  const stem = crypto
    .getRandomValues(new Uint32Array(2))
    .reduce((text, part) => text + part.toString(36).padStart(7, "0"), "");
  let words = 0;
  const word = (): string => `${stem}${(words++).toString(36)}`;
  return createOffline(local, remoteLink(remote) ?? plainLink(remote, word), checkOfflineOptions(options), word);
}

/**
 * Returns the factory of offline stores, to be registered with the registry that opens their two sides.
 *
 * @example Opens an offline store by a configuration.
 * ```ts
 * import { open, register, registry } from "shelflife";
 * import { offlineFactory } from "shelflife/offline";
 *
 * register("offline", offlineFactory(registry));
 * const local = { backend: "memory" };
 * const store = await open({ backend: "offline", parameters: { local, remote: { backend: "memory" } } });
 * await store.set("greeting", new TextEncoder().encode("hello"));
 * await store.flush(); // it is on the remote
 * console.log(await store.has("greeting")); // true
 * await store.close();
 * ```
 */
export function offlineFactory(registry: Registry): Factory<OfflineParameters> {
  return createFactory<OfflineParameters>(registry, checkOfflineOptions, offline);
}

function checkOfflineOptions(options: unknown): OfflineOptions {
  return checkOptions<OfflineOptions>("offline", options, {
    ...storeRules,
    merge: callable,
    onConflict: callable,
    atomics: { expected: '"remote" or "local"', test: (value) => value === "remote" || value === "local" },
    maxPendingKeys: positiveInteger,
    maxPendingBytes: positiveInteger,
    maxValueBytes: positiveInteger,
    maxBytes: positiveInteger,
  });
}

function createOffline(local: Store, link: Link, options: OfflineOptions, word: () => string): OfflineStore {
  const { atomics, maxPendingKeys = 10_000, maxPendingBytes = 16_777_216 } = options;
  const now = (): number => (options.now ? options.now() : Date.now());

  // All contexts on one local store know each other by the name that the first gave it.
  const name = local.update("n", (found) => found ?? encodeText(word())).then((value) => decodeLoosely(value));
  const hub = name.then((name) => createRowsHub(`shelflife-offline-${name}`));
  hub.catch(() => {});

  let end = async (): Promise<void> => {};
  const { backend, contact, dismiss, flusher, rows, side, status } = createRoom({
    ...options,
    local,
    link,
    hub,
    now,
    word,
    maxPendingKeys,
    maxPendingBytes,
    end: () => end(),
  });
  const store = createCompleteStore(backend, { ...options, now });
  end = keepInStep(contact, { store: link.store, status, name, now });

  /** Has the other side decide about a key, after what waits for it, and takes over what has come of it. */
  async function strictly<R>(key: string, options: CallOptions | undefined, decide: () => Promise<R>): Promise<R> {
    checkRecordKey(key);
    // The checks of a call, and whether the store is still open.
    await store.findMany([], options);
    const call = { now, signal: options?.signal };
    while ((await rows.read([key], options))[0]!.pending[0]) {
      if (await contact.push(call)) continue;
      throw new StoreError("unavailable", "Cannot decide this: expected what waits for this key to have gone", { key });
    }
    try {
      return await decide();
    } finally {
      await fetch(side, [key], call).catch(() => {});
    }
  }

  const strict: Pick<Store, "compareAndSet" | "setIfAbsent" | "take"> = {
    compareAndSet: (key, expected, next, options) =>
      attempt(() => {
        const [old, value] = [expected && copyBytes(expected), copyBytes(next)];
        return strictly(key, options, () => link.store.compareAndSet(key, old, value, options));
      }),
    setIfAbsent: (key, value, options) => strict.compareAndSet(key, undefined, value, options),
    take: (key, options) => strictly(key, options, () => link.store.take(key, options)),
  };

  return {
    ...store,
    ...(atomics !== "local" && strict),
    status: status.get,
    statuses: status.follow,
    pending: (options) => attempt(() => readWaiting(local, rows, status.get, options)),
    conflicts: (options) => readConflicts(local, options),
    dismiss: (ids) => attempt(() => dismiss(ids && checkItems(ids))),
    discard: (keys) => flusher.discard(keys && checkItems(keys), { now }),
    sync: (options) => flusher.round({ now, signal: options?.signal }),
  };
}
