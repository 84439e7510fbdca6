import type { Lifetime } from "../../core/contract.ts";
import { check } from "../../core/error.ts";

/**
 * Returns how long a value lives by a span of ms: for ever without one, not at all if that is over already. Throws
 * `invalid-argument` for what is no number.
 */
export function lifetimeOf(ms: number | null | undefined): Lifetime | undefined {
  if (ms === undefined || ms === null) return undefined;
  check(typeof ms === "number" && ms === ms, "ttl", "a number", ms);
  return ms > 0 ? { ttl: ms } : { expiresAt: 0 };
}
