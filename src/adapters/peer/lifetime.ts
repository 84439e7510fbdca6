import type { Lifetime } from "../../core/contract.ts";

/** Returns how long a value lives by a span of ms: for ever without one, not at all if that is over already. */
export function lifetimeOf(ms: number | undefined): Lifetime | undefined {
  return ms === undefined || ms > 0 ? { ttl: ms } : { expiresAt: 0 };
}
