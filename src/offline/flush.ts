import type { Call, Store } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { untilAborted } from "../core/untilAborted.ts";
import { unlessFull, type Contact } from "./contact.ts";
import type { Conflict } from "./kept.ts";
import { portions } from "./portions.ts";
import { listMarked } from "./reading.ts";
import type { Slot } from "./record.ts";
import type { Rows } from "./rows.ts";

/** What waits for what waits, and what drops it. */
export interface Flusher {
  /** Resolves when nothing waits that was acknowledged before; rejects with the first of that which is refused. */
  flush(call: Call): Promise<void>;
  /** Makes one round: takes over what has changed there, and brings there what waits by now. */
  round(call: Call): Promise<void>;
  /** Drops what waits. What is on its way by now is seen no more, and gone when it is known whether it has arrived. */
  discard(keys: readonly string[] | undefined, call: Call): Promise<number>;
  /** Notes what was settled here. */
  settled(reports: readonly Conflict[]): void;
}

// How soon it is looked again whether what waits for others has gone: ms.
const lookAgain = 250;

export function createFlush(local: Store, rows: Rows, contact: Contact): Flusher {
  const waiting = new Set<{ keys: ReadonlySet<string>; refused?: Error | undefined }>();

  /** Returns the ids of what waits for keys, and those keys. */
  async function pendingOf(keys: readonly string[], { signal }: Call): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    for (const part of portions(keys)) {
      const found = await rows.read(part, { signal });
      found.forEach(({ pending }, index) => {
        for (const { id, isDropped } of pending) if (!isDropped) ids.set(id, part[index]!);
      });
    }
    return ids;
  }

  /** Returns what of some ids waits still. */
  async function leftOf(ids: ReadonlyMap<string, string>, call: Call): Promise<Map<string, string>> {
    const now = await pendingOf([...new Set(ids.values())], call);
    return new Map([...ids].filter(([id]) => now.has(id)));
  }

  return {
    async round(call) {
      const full = await contact.pull(call).catch(unlessFull);
      let left = await pendingOf([...(await listMarked(local, call)).keys()], call);
      do {
        if (!(await contact.push(call))) return;
        left = await leftOf(left, call);
      } while (left.size);
      if (full) throw full;
      contact.synced(call);
    },

    async flush(call) {
      let left = await pendingOf([...(await listMarked(local, call)).keys()], call);
      const mine = { keys: new Set(left.values()), refused: undefined as Error | undefined };
      waiting.add(mine);
      try {
        while (left.size) {
          let isDone = false;
          try {
            isDone = !!(await untilAborted(contact.push({ now: call.now }), call.signal));
          } catch (error) {
            call.signal?.throwIfAborted();
            if (!isStoreError(error, "unavailable") && !isStoreError(error, "unauthorized")) throw error;
          }
          if (mine.refused) throw mine.refused;
          left = await leftOf(left, call);
          if (left.size && !isDone) await untilAborted(contact.rest(lookAgain, call.signal), call.signal);
        }
      } finally {
        waiting.delete(mine);
      }
    },

    async discard(keys, call) {
      const wanted = keys ?? [...(await listMarked(local, call)).keys()];
      let count = 0;
      for (const part of portions(wanted)) {
        let some = 0;
        const marked = (await rows.read(part)).flatMap(({ mark }) => mark ?? []);
        await rows.change(
          part,
          [],
          ({ records }) => {
            some = 0;
            return {
              records: records.map((record) => {
                // What may be there already is not to be taken back, and is settled before long.
                const stays = record.pending.filter(({ isSent }) => isSent);
                if (record.pending.every(({ isDropped }) => isDropped)) return record;
                some++;
                return { ...record, pending: stays.map((slot): Slot => ({ ...slot, isDropped: true, isOver: false })) };
              }),
            };
          },
          { marks: marked },
        );
        count += some;
      }
      return count;
    },

    settled(reports) {
      for (const report of reports) {
        if (report.kind !== "refused") continue;
        for (const each of waiting) if (each.keys.has(report.key)) each.refused ??= report.error as Error;
      }
    },
  };
}
