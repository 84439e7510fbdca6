import type { Call } from "../core/contract.ts";
import { sweeperOf } from "../core/sweeperOf.ts";
import type { Parts } from "./parts.ts";
import { readMarked } from "./reading.ts";
import { isDue, lasting } from "./record.ts";
import { records as recordPrefix } from "./names.ts";

/** Notes and reports the ends of what waits under keys with a prefix, removes what else has expired, and counts all that. */
export async function sweepWithin(parts: Parts, { prefix }: { prefix: string }, call: Call): Promise<number> {
  const { signal } = call;
  await parts.rows.mind();
  for (const [key, found] of await readMarked(parts, call, prefix)) {
    if (isDue(found, call.now)) await parts.rows.change([key], [], () => ({ records: [] }));
  }
  const sweep = sweeperOf(parts.local);
  const swept = await (sweep ? sweep(recordPrefix + prefix, { signal }) : parts.local.sweep({ signal }));
  await parts.rows.mind();
  // What the local store reports is passed on by a reader of its watch, which comes to it now.
  await new Promise((resolve) => setTimeout(resolve));
  return parts.rows.countEnds(prefix) + swept;
}

/** Returns when the next of what waits ends, of those whose end was not noted. */
export async function soonest(parts: Parts): Promise<number> {
  let next = Infinity;
  for (const record of (await readMarked(parts, {})).values())
    next = Math.min(next, (record.pending[0] && lasting(record)?.expiresAt) ?? Infinity);
  return next;
}
