import { test } from "vitest";
import { surviveStorm } from "../support/faultStorm.ts";
import { kinds, withFaultyServer } from "../support/faultyServer.ts";

// How many callers there are: more for a longer run.
const callers = Number(process.env.SHELFLIFE_FAULT_CALLERS ?? 8);

// At once, because most of a storm is pauses before another try.
for (const [seed, kind] of kinds.entries()) {
  test.concurrent(`in a storm of faults nothing is lost, nothing done twice, and each change reported once: ${kind}`, () =>
    withFaultyServer(kind, (proxy, upstream) =>
      surviveStorm(proxy, { upstream, seed, callers, rounds: 6, cutAfter: 30 }),
    ));
}
