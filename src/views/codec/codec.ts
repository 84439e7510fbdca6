import type { Awaitable, Value } from "../../core/contract.ts";

/** How the values of a view become those of the store below, and back. Each step may be a promise. */
export interface Codec<Out> {
  /** States that no step is ever a promise. */
  readonly isSync?: boolean;
  /**
   * Returns a value as bytes, or as text that stands for its UTF-8 bytes. What it goes on needing of the value it takes at
   * once. Throws or rejects `cant-encode`.
   */
  encode(key: string, value: unknown): Awaitable<Value>;
  /** Returns what a stored value stands for. Its bytes are only lent, and not to be kept. Throws or rejects `cant-decode`. */
  decode(key: string, stored: Value): Awaitable<Out>;
  /** Returns what decides whether a stored value is the one that a caller expects, which it takes at once. */
  match(key: string, expected: unknown): Awaitable<(stored: Value) => Awaitable<boolean>>;
}
