import type { Entry } from "./entry.ts";

/**
 * Returned by a {@link Decision}: leave the entry as it is.
 *
 * @example Decides in a backend, and writes nothing.
 * ```ts
 * import { UNCHANGED, type Decision } from "shelflife";
 *
 * const keep: Decision = (current) => current && UNCHANGED;
 * console.log(keep({ value: Uint8Array.of(1), expiresAt: Infinity }) === UNCHANGED); // true
 * ```
 */
export const UNCHANGED: unique symbol = Symbol.for("shelflife.unchanged") as typeof UNCHANGED;

/** The type of {@link UNCHANGED}. */
export type Unchanged = typeof UNCHANGED;

/**
 * Decides, synchronously, what becomes of an entry: another one, `undefined` to remove it, or `UNCHANGED`. The bytes of
 * `current` are only lent. It may run again on a fresh `current`; if it throws, nothing is written and the error is the
 * call's.
 */
export type Decision<V = Uint8Array> = (current: Entry<V> | undefined) => Entry<V> | undefined | Unchanged;

/** The same as a {@link Decision}, of several entries at once: what becomes of each, in their order. */
export type ManyDecision<V = Uint8Array> = (
  current: readonly (Entry<V> | undefined)[],
) => readonly (Entry<V> | undefined | Unchanged)[];
