import type { Lifetime } from "../../core/contract.ts";

/** Returns how long a value lives by a span of ms: for ever without one, not at all if that is over already. */
export function lifetimeOf(ms: number | null | undefined): Lifetime {
  const ttl = ms ?? Infinity;
  // The store refuses what is no number.
  return ttl <= 0 ? { expiresAt: 0 } : { ttl };
}
