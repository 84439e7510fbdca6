import type { Awaitable, CallOptions, Store, Value, WriteOptions } from "./contract.ts";
import { toBytes } from "./value.ts";

/** Reads bytes that are only lent, or text that stands for them; of a miss it says what its call says. */
export type Read = (key: string, options: CallOptions | undefined) => Awaitable<Value | undefined>;

/** Writes text as its UTF-8 bytes. */
export type Write = (key: string, text: string, options: WriteOptions | undefined) => Awaitable<void>;

interface Shortcuts {
  get(call: Store["get"]): Read | undefined;
  get(call: Store["set"]): Write | undefined;
  set(call: Store<any>["get"], shortcut: Read): this;
  set(call: Store<any>["set"], shortcut: Write): this;
}

/**
 * Shortcuts for the views of the core, which encode what nobody else holds and decode what they do not keep: no copy, no
 * promise where the medium has none, and text where the medium keeps it. Each is found by the call that it stands for, so
 * that whoever wraps a store and puts a call of his own in the place of one has replaced the shortcut, too.
 */
export const shortcuts: Shortcuts = /* @__PURE__ */ new WeakMap<object, any>();

/** Reads by the shortcut of a call if it has one. */
export function lend(
  store: Store,
  name: "get" | "find",
  key: string,
  options: CallOptions | undefined,
): ReturnType<Read> {
  const shortcut = shortcuts.get(store[name] as Store["get"]);
  return shortcut ? shortcut(key, options) : Promise.resolve(store[name](key, options));
}

/** Writes by the shortcut of `set` if it has one. */
export function setText(store: Store, key: string, text: string, options: WriteOptions | undefined): ReturnType<Write> {
  const shortcut = shortcuts.get(store.set);
  return shortcut ? shortcut(key, text, options) : store.set(key, toBytes(text), options);
}
