import type { Lifetime } from "../core/contract.ts";
import { quote, StoreError } from "../core/error.ts";
import { isInstant } from "../core/instant.ts";
import type { Invocation, Option } from "./command.ts";
import { checkDuration } from "./duration.ts";

/** The option that says how long a value lives. */
export const ttlOption: Option = {
  type: "string",
  value: "TIME",
  help: "how long it lives: 500ms, 30s, 5m, 12h, 7d or ms",
};

/** The option that says until when, in place of the other. */
export const atOption: Option = {
  type: "string",
  value: "TIME",
  help: "until when, in place of --ttl: 2030-01-31T12:00:00Z, or epoch ms",
};

/** Reads how long a value is to live: by `--ttl`, by `--at`, or nothing. Throws `invalid-argument`, also for both. */
export function readLifetime({ ttl, at }: Invocation["options"]): Lifetime {
  if (at !== undefined && ttl !== undefined) {
    throw new StoreError("invalid-argument", "Invalid --at: expected none beside --ttl, got both");
  }
  if (at !== undefined) return { expiresAt: checkTime("--at", at) };
  return ttl === undefined ? {} : { ttl: ttl === "never" ? Infinity : checkDuration("--ttl", ttl) };
}

/** Returns the epoch ms of a time; throws `invalid-argument` that names what it was for. */
function checkTime(what: string, text: string): number {
  // Fifteen digits lead beyond the last instant of a Date, and are exact.
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (isInstant(text)) return Math.max(0, Date.parse(text));
  const expected = "a time with its zone such as 2030-01-31T12:00:00Z, or epoch ms";
  throw new StoreError("invalid-argument", `Invalid ${what}: expected ${expected}, got ${quote(text)}`);
}
