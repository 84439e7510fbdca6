import type { Awaitable, Call, CallOptions, CompleteBackend, Entry, Store, Value, WriteOptions } from "./contract.ts";
import type { Wire } from "./link.ts";
import { toBytes } from "./value.ts";

/** Reads bytes that are only lent, or text that stands for them. A miss ends as the call's own does. */
export type Lender = (key: string, options: CallOptions | undefined) => Awaitable<Value | undefined>;

/** Writes text as its UTF-8 bytes. */
export type TextWriter = (key: string, text: string, options: WriteOptions | undefined) => Awaitable<void>;

/** What a store is made of, for what is no call of a store: a sweep of a part of it, a read of many entries at once. */
export interface Medium {
  readonly backend: CompleteBackend<Value>;
  /** Does work as a call of the store. */
  run<R>(options: CallOptions | undefined, work: (call: Call) => Awaitable<R>): Promise<R>;
}

/** Removes what has expired among the keys with a prefix, and counts it. */
export type Sweeper = (prefix: string, options: CallOptions | undefined) => Promise<number>;

/** Reads the entries of valid keys as they are together, those too that have expired. Bytes are only lent. */
export type EntriesReader = (
  keys: readonly string[],
  options: CallOptions | undefined,
) => Promise<(Entry<Value> | undefined)[]>;

/**
 * Returns the keys of a medium that begin with a prefix and are no keys of a store: empty, too long, or ill-formed. So what
 * others have put into it is found, which no listing shows.
 */
export type StrayFinder = (prefix: string, options: CallOptions) => Promise<string[]>;

/** What is lent under each call. */
interface Lent {
  readonly get: Lender;
  readonly find: Lender;
  readonly set: TextWriter;
  readonly sweep: Medium | Sweeper;
  readonly entry: Medium | EntriesReader;
  readonly entries: Wire;
  readonly transact: Medium;
  readonly list: StrayFinder;
}

// By a name, so that a view of another copy of this file finds it: of another bundle, say.
const lent: unique symbol = Symbol.for("shelflife.lent") as never;

/**
 * Lends what a call of a store alone does not give. To the views of the core: what they decode and do not keep, and what takes
 * the text that they encode and nobody else holds. No copy, no promise where the medium has none, and text where the medium
 * keeps it. What is lent is found by the call that it stands for, so that a wrapper which puts its own call in the place of a
 * store's has replaced that, too.
 */
export function lendBy<Name extends keyof Lent>(store: Store<any>, name: Name, what: Lent[Name]): void {
  const call = store[name];
  Object.defineProperty(call, lent, { value: new Map([[call, what]]) });
}

/** Returns what a store lends by a call, if it does. */
export function lentBy<Name extends keyof Lent>(store: Pick<Store<any>, Name>, name: Name): Lent[Name] | undefined {
  // What is no store has no calls.
  const call = store[name] as { [lent]?: ReadonlyMap<unknown, Lent[Name]> } | undefined;
  // Not of one that stands before another call and lets that be seen through it.
  return call?.[lent]?.get(call);
}

/** Reads by the lender of a call if it has one. */
export function lend(
  store: Store,
  name: "get" | "find",
  key: string,
  options: CallOptions | undefined,
): ReturnType<Lender> {
  const lender = lentBy(store, name);
  return lender ? lender(key, options) : Promise.resolve(store[name](key, options));
}

/** Writes by the text writer of `set` if it has one. */
export function setText(
  store: Store,
  key: string,
  text: string,
  options: WriteOptions | undefined,
): ReturnType<TextWriter> {
  const writer = lentBy(store, "set");
  return writer ? writer(key, text, options) : store.set(key, toBytes(text), options);
}
