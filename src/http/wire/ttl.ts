import { expectComplete } from "./complete.ts";

// Clocks differ: a deadline travels as the time that is left. JSON has no Infinity and writes null, which stands for ever.

/**
 * The ttl of a conditional write that leaves the deadline as it is.
 *
 * @example Writes a value and leaves its deadline.
 * ```ts
 * import { keep, type BatchCall } from "shelflife/http/wire";
 *
 *
 * const call: BatchCall = ["swap", "a", 5, "tag", keep];
 * console.log(call[4]); // keep
 * ```
 */
export const keep = "keep";

/** How long something has left that is about to be written: ms. What expires meanwhile does so at once. */
export function ttlOf(expiresAt: number | string, now: number): number | string {
  return typeof expiresAt === "string" ? expiresAt : Math.max(1, expiresAt - now);
}

/** Returns when a value expires that has so long left; rounded so as not to be late. Throws if that is no time. */
export function deadlineOf(ttl: unknown, start: number): number {
  if (ttl === null) return Infinity;
  expectComplete(typeof ttl === "number" && ttl > 0);
  return Math.floor(start + (ttl as number));
}
