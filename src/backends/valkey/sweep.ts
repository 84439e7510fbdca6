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

/** Returns what removes the entries of a prefix that the indexes of deadlines have as due, and counts them. */
export function createSweep(
  pipeline: Pick<Pipeline, "ready" | "ask" | "placement">,
  clock: Clock,
  names: Pick<Names, "keyOf">,
): (options: { readonly prefix: string }, call: Call) => Promise<number> {
  const { placement } = pipeline;

  async function sweepSlot(client: ValkeyClient, slot: number, prefix: string, { signal }: Call): Promise<number> {
    const index = placement.index(slot);
    let count = 0;
    // What is not meant stays in the index. So it goes on at the last deadline that it saw, behind those of it that stay, the
    // last of which it sees again: if not, somebody else has removed some, and it would go past others.
    let from = "-inf";
    let passed = 0;
    let last: string | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const offset = Math.max(passed - 1, 0);
      const page = ["BYSCORE", "LIMIT", offset, dueAtOnce, "WITHSCORES"];
      const due = (await client.zrangeBuffer(index, from, clock.now(), ...page)) as Uint8Array[];
      const found = due.filter((_, at) => at % 2 === 0).map(names.keyOf);
      if (passed && found[0] !== last) {
        passed = 0;
        continue;
      }
      const keys = found.filter((key) => key.startsWith(prefix));
      const others = found.filter((key) => !key.startsWith(prefix));
      if (keys.length) {
        const expired = await pipeline.ask(stepsOf("expire", keys), { signal }, readDone);
        count += expired.filter(Boolean).length;
      }
      if (found.length < dueAtOnce) return count;
      const to = String(due.at(-1));
      passed = to === from ? offset + others.length : 0;
      last = others.at(-1);
      from = to;
    }
  }

  return async ({ prefix }, call) => {
    const client = await pipeline.ready();
    if (!placement.isScattered(client)) return sweepSlot(client, -1, prefix, call);
    let count = 0;
    for (let first = 0; first < slotCount; first += indexesAtOnce) {
      const some = Array.from({ length: indexesAtOnce }, (_, number) =>
        sweepSlot(client, first + number, prefix, call),
      );
      for (const swept of await Promise.all(some)) count += swept;
    }
    return count;
  };
}
