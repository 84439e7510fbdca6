import type { Awaitable, Call, CallOptions, CompleteBackend, Store, Value, WriteOptions } from "./contract.ts";
import { toBytes } from "./value.ts";

/** Reads bytes that are only lent, or text that stands for them. A miss ends as the call's own does. */
export type Lender = (key: string, options: CallOptions | undefined) => Awaitable<Value | undefined>;

/** Writes text as its UTF-8 bytes. */
export type TextWriter = (key: string, text: string, options: WriteOptions | undefined) => Awaitable<void>;

/** What a store is made of, for a sweep of a part of it. */
export interface Medium {
  readonly backend: CompleteBackend<Value>;
  /** Does work as a call of the store. */
  run<R>(options: CallOptions | undefined, work: (call: Call) => Awaitable<R>): Promise<R>;
}

/** Removes what has expired among the keys with a prefix, and counts it. */
export type Sweeper = (prefix: string, options: CallOptions | undefined) => Promise<number>;

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
const sweeper: unique symbol = Symbol.for("shelflife.sweeper") as never;

/** Gives a call that sweeps all what sweeps a part. */
export function lendSweeper(call: Store["sweep"], lent: Medium | Sweeper): void {
  Object.defineProperty(call, sweeper, { value: lent });
}

/** Returns what sweeps a part, if that was given to the call that sweeps all. */
export function lentSweeper(call: Store["sweep"]): Medium | Sweeper | undefined {
  // What is no store has none.
  return (call as { [sweeper]?: Medium | Sweeper } | undefined)?.[sweeper];
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
