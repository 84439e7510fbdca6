import type { Call } from "../../core/contract.ts";
import type { ValkeyClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { Names } from "./names.ts";
import type { Pipeline } from "./pipeline.ts";
import { slotCount } from "./slots.ts";
import { readDone, stepsOf } from "./step.ts";

// How many keys of a cluster's indexes are looked into in one go, and how many entries of one.
const indexesAtOnce = 2048;
const dueAtOnce = 500;

/** Returns what finds out when the next of the entries is due, where they have one index together. */
export function createSoonest(
  { ready, placement }: Pick<Pipeline, "ready" | "placement">,
  clock: Clock,
): () => Promise<number> {
  return async () => {
    const client = await ready();
    // To look into the indexes of all slots takes too long for that.
    if (placement.isScattered(client)) return Infinity;
    const [, due = "inf"] = (await client.zrangeBuffer(placement.index(-1), 0, 0, "WITHSCORES")) as unknown[];
    return due === "inf" ? Infinity : Number(String(due)) - clock.skew();
  };
}

/** Returns what removes the entries that the indexes of deadlines have as due, and counts them. */
export function createSweep(
  pipeline: Pick<Pipeline, "ready" | "ask" | "placement">,
  clock: Clock,
  names: Pick<Names, "keyOf">,
): (call: Call) => Promise<number> {
  const { placement } = pipeline;

  async function sweepSlot(client: ValkeyClient, slot: number, { signal }: Call): Promise<number> {
    const index = placement.index(slot);
    let count = 0;
    for (;;) {
      signal?.throwIfAborted();
      const due = await client.zrangeBuffer(index, "-inf", clock.now(), "BYSCORE", "LIMIT", 0, dueAtOnce);
      const keys = (due as Uint8Array[]).map(names.keyOf);
      if (keys.length) {
        const expired = await pipeline.ask(stepsOf("expire", keys), { signal }, readDone);
        count += expired.filter(Boolean).length;
      }
      if (keys.length < dueAtOnce) return count;
    }
  }

  return async (call) => {
    const client = await pipeline.ready();
    if (!placement.isScattered(client)) return sweepSlot(client, -1, call);
    let count = 0;
    for (let first = 0; first < slotCount; first += indexesAtOnce) {
      const some = Array.from({ length: indexesAtOnce }, (_, number) => sweepSlot(client, first + number, call));
      for (const swept of await Promise.all(some)) count += swept;
    }
    return count;
  };
}
