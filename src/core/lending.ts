import type { Awaitable, Call, CallOptions, CompleteBackend, Entry, Store, Value, WriteOptions } from "./contract.ts";
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

/** Reads the live entries of keys as they are together. Bytes are only lent. */
export type EntriesReader = (
  keys: readonly string[],
  options: CallOptions | undefined,
) => Promise<(Entry | undefined)[]>;

interface Lending {
  get(call: Store["get"]): Lender | undefined;
  get(call: Store["set"]): TextWriter | undefined;
  set(call: Store<any>["get"], lender: Lender): this;
  set(call: Store<any>["set"], writer: TextWriter): this;
}

/**
 * Lends the views of the core what they decode and do not keep, and takes the text that they encode and nobody else holds:
 * no copy, no promise where the medium has none, and text where the medium keeps it. A lender is found by the call that it
 * stands for, so that a wrapper which puts its own call in the place of a store's has replaced the lender, too.
 */
export const lending: Lending = /* @__PURE__ */ new WeakMap<object, any>();

// By a name, so that a view of another copy of this file finds it: of another bundle, say.
const medium: unique symbol = Symbol.for("shelflife.medium") as never;

/** Gives a call what sweeps a part of all that it sweeps, or reads many entries in the way in which it reads one. */
export function lendMedium(call: Store["sweep"], lent: Medium | Sweeper): void;
export function lendMedium(call: Store["entry"], lent: Medium | EntriesReader): void;
export function lendMedium(call: object, lent: object): void {
  Object.defineProperty(call, medium, { value: lent });
}

/** Returns what was given to a call, if anything was. */
export function lentMedium(call: Store["sweep"]): Medium | Sweeper | undefined;
export function lentMedium(call: Store["entry"]): Medium | EntriesReader | undefined;
export function lentMedium(call: object): object | undefined {
  // What is no store has none.
  return (call as { [medium]?: object } | undefined)?.[medium];
}

/** Reads by the lender of a call if it has one. */
export function lend(
  store: Store,
  name: "get" | "find",
  key: string,
  options: CallOptions | undefined,
): ReturnType<Lender> {
  const lender = lending.get(store[name] as Store["get"]);
  return lender ? lender(key, options) : Promise.resolve(store[name](key, options));
}

/** Writes by the text writer of `set` if it has one. */
export function setText(
  store: Store,
  key: string,
  text: string,
  options: WriteOptions | undefined,
): ReturnType<TextWriter> {
  const writer = lending.get(store.set);
  return writer ? writer(key, text, options) : store.set(key, toBytes(text), options);
}
