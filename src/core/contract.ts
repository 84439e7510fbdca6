/// <reference lib="esnext.disposable" preserve="true" />

import type { Bytes, Written } from "./bytes.ts";
import type { Decision, ManyDecision } from "./decision.ts";
import type { CallOptions, ListOptions, PrefixOptions, WatchOptions, WriteOptions } from "./callOptions.ts";
import type { Change, Entry, EntryPage, KeyedEntry, Lifetime, LogPage, LogQuery, NewEntry, Page } from "./entry.ts";

export type * from "./callOptions.ts";
export * from "./decision.ts";
export type * from "./entry.ts";

/** A value, or the promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** What a caller holds: values with an expiry under string keys. Reads give `Out`, and writes take `In`. */
export interface Store<Out = Bytes, In = Out> {
  /** Reads the value under a key, the caller's own copy. Rejects `not-found` when it is absent or expired. */
  get(key: string, options?: CallOptions): Promise<Out>;
  /** Reads the value under a key, or `undefined` when it is absent or expired. */
  find(key: string, options?: CallOptions): Promise<Out | undefined>;
  /** Returns whether a key has a live value. */
  has(key: string, options?: CallOptions): Promise<boolean>;
  /** Reads the value under a key with its deadline, or `undefined` when it is absent or expired. */
  entry(key: string, options?: CallOptions): Promise<Entry<Out> | undefined>;
  /**
   * Writes a value and resolves when the medium has committed it. Without `ttl` it never expires, whatever deadline the
   * key had. The value is copied before the call returns.
   */
  set(key: string, value: Written<In>, options?: WriteOptions): Promise<void>;
  /** Removes a value. Rejects `not-found` when there was no live one. */
  delete(key: string, options?: CallOptions): Promise<void>;
  /** Returns whether values outlive the page or process. */
  isPersistent(): boolean;
  /** Reads many values, in the order of the keys; a miss is `undefined`. As they are together, where the medium does that. */
  findMany(keys: Iterable<string>, options?: CallOptions): Promise<(Out | undefined)[]>;
  /**
   * Writes many values; the last of two for one key wins. One bad item, and nothing is written. So it is never split: a
   * remote rejects what its handler does not take as one request, `invalid-argument` above its `maxItems` (10,000) and
   * `quota-exceeded` above its `maxBytes`.
   */
  setMany(
    items: Iterable<readonly [key: string, value: Written<In>, options?: Lifetime | undefined]>,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Removes many values and resolves with how many live ones there were. A remote asks for more than its handler's
   * `maxItems` in several requests, one after the other.
   */
  deleteMany(keys: Iterable<string>, options?: CallOptions): Promise<number>;
  /**
   * Writes `next` if the value is `expected` (`undefined`: if there is none), and resolves with whether it did. Atomic. Without
   * `ttl` the deadline stays.
   */
  compareAndSet(
    key: string,
    expected: Written<In> | undefined,
    next: Written<In>,
    options?: WriteOptions,
  ): Promise<boolean>;
  /** Writes a value if the key has none, and resolves with whether it did. Atomic. */
  setIfAbsent(key: string, value: Written<In>, options?: WriteOptions): Promise<boolean>;
  /** Reads a value and removes it, or resolves with `undefined`. Atomic: of many takers one gets it. */
  take(key: string, options?: CallOptions): Promise<Out | undefined>;
  /**
   * Adds to the decimal number under a key, and resolves with the sum; a missing key counts as 0, and only then `ttl`
   * applies. Atomic. Rejects `cant-decode` when the value is no number, `invalid-argument` when the sum is beyond
   * 2^53 - 1.
   */
  increment(key: string, by?: number, options?: WriteOptions): Promise<number>;
  /**
   * Replaces a value by what `change` returns for it; `undefined` removes it. Atomic. Without `ttl` the deadline stays.
   * `change` is synchronous and may run more than once; if it throws, nothing is written and the call rejects with that. A
   * call that `change` makes comes before the update or after it, never in between.
   */
  update<Next extends Written<In> | undefined>(
    key: string,
    change: (current: Out | undefined) => Next,
    options?: WriteOptions,
  ): Promise<undefined extends Next ? Out | undefined : Out>;
  /** Gives a live value a new deadline, and resolves with whether there was one. Atomic. */
  touch(key: string, options: WriteOptions & ({ ttl: number } | { expiresAt: number })): Promise<boolean>;
  /**
   * Reads the live entries of 1 to 1,000 distinct keys, and writes what `change` returns for them, in the same order: the
   * entry that it was given leaves it, `undefined` removes it, `{ value }` writes it, with a `ttl` or an `expiresAt` if it
   * is not for ever. Resolves with the entries after that. All or nothing, isolated from every other writer. `change` is
   * synchronous and may run more than once; if it throws, nothing is written and the call rejects with that. Rejects
   * `unsupported` where the medium cannot: several keys in a bucket of S3, or in different slots of a Valkey cluster.
   *
   * @example Moves an amount from one key to another.
   * ```ts
   * import { json, memory } from "shelflife";
   *
   * const accounts = json<number>(memory());
   * await accounts.setMany([["ada", 100], ["bob", 0]]);
   * await accounts.transact(["ada", "bob"], ([ada, bob]) => {
   *   if (!ada || !bob || ada.value < 30) throw new Error("Cannot move 30 from ada to bob");
   *   return [{ ...ada, value: ada.value - 30 }, { ...bob, value: bob.value + 30 }]; // each keeps its deadline
   * });
   * console.log(await accounts.findMany(["ada", "bob"])); // [ 70, 30 ]
   * ```
   */
  transact(
    keys: Iterable<string>,
    change: (
      entries: readonly (Entry<Out> | undefined)[],
    ) => readonly (NewEntry<Written<In>> | Entry<Out> | undefined)[],
    options?: CallOptions,
  ): Promise<(Entry<Out> | undefined)[]>;
  /** Iterates over the live keys. Each key that is present throughout is seen exactly once. */
  keys(options?: PrefixOptions): AsyncIterable<string>;
  /**
   * Iterates over the live entries, each value with the deadline that it had. They are read in pages, as they are asked for:
   * what is written meanwhile may be seen or not. The values are the caller's own.
   *
   * @example Lists values with what is left of their lives.
   * ```ts
   * import { json, memory } from "shelflife";
   *
   * const carts = json<string[]>(memory(), { prefix: "cart/" });
   * await carts.setMany([["ada", ["tea"], { ttl: 60_000 }], ["bob", []]]);
   * for await (const { key, value, expiresAt } of carts.entries())
   *   console.log(key, value, expiresAt === Infinity ? "for ever" : "for a minute");
   * // ada [ 'tea' ] for a minute
   * // bob [] for ever
   * ```
   */
  entries(options?: PrefixOptions): AsyncIterable<KeyedEntry<Out>>;
  /** Reads one page of the live keys with their deadlines. */
  list(options?: ListOptions): Promise<Page>;
  /** Removes all values, or those whose keys begin with a prefix. */
  clear(options?: PrefixOptions): Promise<void>;
  /**
   * Iterates over the changes from the moment of the call, each once, those of every other context on the same medium
   * included. While somebody watches, an expiry is reported within 100 ms of its deadline, in a background page as late as its
   * timers. Where changes may have been missed (a connection was lost, the medium was deleted or replaced) it yields
   * `{ type: "resync" }`, whatever its prefix, and goes on. Ends when the store closes, or quietly when the signal aborts;
   * rejects when it is refused or cannot go on. A read that waits for the next change keeps the process alive, unless `unref`
   * is set.
   *
   * @example Follows a key until it has expired.
   * ```ts
   * import { memory } from "shelflife";
   *
   * const store = memory();
   * const stop = new AbortController();
   * const changes = store.watch({ prefix: "code/", signal: stop.signal });
   * await store.set("code/1", Uint8Array.of(1), { ttl: 50 });
   * for await (const change of changes) {
   *   console.log(change);
   *   if (change.type === "expire") stop.abort();
   * }
   * // { type: 'set', key: 'code/1' }
   * // { type: 'expire', key: 'code/1' }
   * ```
   */
  watch(options?: WatchOptions): AsyncIterableIterator<Change>;
  /**
   * Resolves when every write acknowledged so far is committed, which is at once unless the store acknowledges them
   * earlier; rejects when one could not be.
   */
  flush(options?: CallOptions): Promise<void>;
  /** Removes what has expired, and resolves with how many entries that were. Also runs by itself. */
  sweep(options?: CallOptions): Promise<number>;
  /** Lets the calls already made finish and gives the medium back. Afterwards every call rejects `closed`. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. Present where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a backend gets with every call. */
export interface Call {
  /** The store's clock: epoch ms. */
  now(): number;
  /** Aborted when nobody waits for the answer any more; a backend may ignore it. */
  readonly signal?: AbortSignal | undefined;
  /** Set when the process may be gone in a moment: what is written is to be committed without waiting for an answer. */
  readonly isLast?: boolean;
}

/** Where a backend reports changes, and the failure that ends a watch. */
export interface Observer {
  changed(change: Extract<Change, { readonly key: string }>): void;
  /** Changes may have been missed. The watch goes on. */
  resync(): void;
  /** The watch broke and reports no more. */
  failed(error: unknown): void;
}

/** Which page a backend reads. */
interface BackendListOptions {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * What an implementer writes: where bytes live. Keys come valid, times absolute, and the bytes handed over belong to the
 * backend; the bytes it returns are copied for the caller. Expired entries are a backend's to keep or to remove, never to
 * interpret: it returns what lies there.
 *
 * A backend without an optional method still makes a complete store: there is one fallback for each, or the store's call
 * rejects `unsupported`.
 */
export interface Backend<V = Uint8Array> {
  get(key: string, call: Call): Awaitable<Entry<V> | undefined>;
  set(key: string, entry: Entry<V>, call: Call): Awaitable<void>;
  /** Removes an entry and returns whether there was one. */
  delete(key: string, call: Call): Awaitable<boolean>;
  isPersistent(): boolean;
  /** States that the bytes returned are nobody else's, so that they need no copying. */
  readonly returnsCopies?: boolean;
  /** States that `set` and `setMany` copy the bytes that they are given before they return, so that nobody else has to. */
  readonly copiesValues?: boolean;
  /**
   * States that the medium hides expired entries by its own clock and removes them itself. Then what it returns is live,
   * `delete` counts live entries only, and nothing is swept from here.
   */
  readonly ownExpiry?: boolean;
  /** Reads an entry, decides and writes, all in one transaction of the medium. The one atomic primitive. */
  mutate?(key: string, decide: Decision<V>, call: Call): Awaitable<void>;
  /** The same for several distinct keys, all or none. Fallback: `mutate` for one key, none for more. */
  mutateMany?(keys: readonly string[], decide: ManyDecision<V>, call: Call): Awaitable<void>;
  /** Reads deadlines without values. Fallback: `get`. */
  head?(key: string, call: Call): Awaitable<{ readonly expiresAt: number } | undefined>;
  /** Reads entries as they are together, where the medium can. Fallback: one `get` for each. */
  getMany?(keys: readonly string[], call: Call): Awaitable<(Entry<V> | undefined)[]>;
  /** Writes distinct keys, all or none. Fallback: one `set` after the other. */
  setMany?(items: readonly (readonly [key: string, entry: Entry])[], call: Call): Awaitable<void>;
  /** Removes distinct keys and counts those that were live, undamaged or not. Fallback: one `get` and `delete` after the other. */
  deleteMany?(keys: readonly string[], call: Call): Awaitable<number>;
  /**
   * Reads a page; expired entries may be in it. A cursor is a position within the prefix: it shows nothing of the prefix,
   * which views hide, and leads to nothing beyond it. Fallback: none.
   */
  list?(options: BackendListOptions, call: Call): Awaitable<Page>;
  /** Reads a page for which nobody asks for sizes, and which may be longer than the limit. Fallback: `list`. */
  listKeys?(options: BackendListOptions, call: Call): Awaitable<Page>;
  /** The same as `list`, with the entries themselves. Fallback: `list`, then `getMany`. */
  listEntries?(options: BackendListOptions, call: Call): Awaitable<EntryPage<V>>;
  /** Removes every entry whose key begins with the prefix. Fallback: none. */
  clear?(options: { readonly prefix: string }, call: Call): Awaitable<void>;
  /** Removes and counts what has expired, at a cost that follows that. When it is over, watches have it. Fallback: none. */
  sweep?(call: Call): Awaitable<number>;
  /** The same for keys with a prefix, when a view is swept. Fallback: `list` and `mutate`; with `ownExpiry` nothing. */
  sweepWithin?(options: { readonly prefix: string }, call: Call): Awaitable<number>;
  /**
   * Returns when the next of the entries expires, or a moment before: epoch ms, `Infinity` for never. A store asks for it
   * while it is watched, to sweep in time. Fallback: it sweeps every 50 ms.
   */
  soonest?(call: Call): Awaitable<number>;
  /** Begins to report every change on the medium, from whichever context, and returns how to stop. Fallback: none. */
  watch?(options: { readonly prefix: string }, observer: Observer, call: Call): Awaitable<() => void>;
  /** Reads the log of changes that the medium keeps, if it keeps one: what a handler answers from. Fallback: none. */
  changes?(query: LogQuery, call: Call): Awaitable<LogPage | undefined>;
  /** Commits what was acknowledged before it was committed. Fallback: there is no such thing. */
  flush?(call: Call): Awaitable<void>;
  /** Finishes what was asked for and gives the medium back. */
  close?(): Awaitable<void>;
  /** A native command in place of `mutate`, where the medium has one. */
  take?(key: string, call: Call): Awaitable<Uint8Array | undefined>;
  /** A native command in place of `mutate`, where the medium has one. `expiresAt` is for a key that is created. */
  increment?(key: string, by: number, expiresAt: number, call: Call): Awaitable<number>;
  /** A native command in place of `mutate`, where the medium has one. */
  touch?(key: string, expiresAt: number, call: Call): Awaitable<boolean>;
}

/**
 * A backend that leaves nothing out for which there is a fallback. Its `delete` and `deleteMany` count live entries
 * only, and its methods are called without `this`.
 */
export type CompleteBackend<V = Uint8Array> = Backend<V> &
  Required<
    Pick<Backend<V>, "mutate" | "getMany" | "setMany" | "deleteMany" | "list" | "clear" | "sweep" | "watch" | "close">
  > & {
    /** States that `set` takes text in place of its UTF-8 bytes, and that what is read may be such text. */
    readonly keepsText?: boolean;
    /** States that calls which are made in the midst of a decision come after it, from whichever store on the medium. */
    readonly takesTurns?: boolean;
    /** States that it returns entries of the caller's own, and holds nothing of the bytes of a mutation when that is over. */
    readonly holdsNothing?: boolean;
  };

/** @deprecated The former name of {@link CompleteBackend}. */
export type FullBackend<V = Uint8Array> = CompleteBackend<V>;
