import type { Call, Store } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { untilAborted } from "../core/untilAborted.ts";
import { decodeLoosely } from "../core/utf8.ts";
import type { Contact } from "./contact.ts";
import type { Slot } from "./record.ts";
import { marks, type Rows } from "./rows.ts";
import type { KeptReport } from "./side.ts";

/** What waits for what waits, and what drops it. */
export interface Flusher {
  /** Resolves when nothing waits that was acknowledged before; rejects with the first of that which is refused. */
  flush(call: Call): Promise<void>;
  /** Makes one round: takes over what has changed there, and brings there what waits by now. */
  round(call: Call): Promise<void>;
  /** Drops what waits, and is not on its way by now. */
  discard(keys: readonly string[] | undefined, call: Call): Promise<number>;
  /** Notes what was settled here. */
  settled(reports: readonly KeptReport[]): void;
}

// How soon it is looked again whether what waits for others has gone: ms.
const lookAgain = 250;
// How many records are looked at in one step.
const portion = 400;

export function createFlush(local: Store, rows: Rows, contact: Contact): Flusher {
  const waiting = new Set<{ keys: ReadonlySet<string>; refused?: Error | undefined }>();

  async function keysOfMarks({ signal }: Call): Promise<string[]> {
    const keys = new Set<string>();
    for await (const { value } of local.entries({ prefix: marks, signal })) keys.add(decodeLoosely(value));
    return [...keys];
  }

  /** Returns the ids of what waits for keys, and those keys. */
  async function pendingOf(keys: readonly string[], { signal }: Call): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    for (let at = 0; at < keys.length; at += portion) {
      const part = keys.slice(at, at + portion);
      const found = await rows.read(part, { signal });
      found.forEach(({ pending }, index) => {
        for (const { id } of pending) ids.set(id, part[index]!);
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
      await contact.pull(call);
      let left = await pendingOf(await keysOfMarks(call), call);
      do {
        if (!(await contact.push(call))) return;
        left = await leftOf(left, call);
      } while (left.size);
      contact.synced(call);
    },

    async flush(call) {
      let left = await pendingOf(await keysOfMarks(call), call);
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
      const wanted = keys ?? (await keysOfMarks(call));
      let count = 0;
      for (let at = 0; at < wanted.length; at += portion) {
        const part = wanted.slice(at, at + portion);
        let some = 0;
        const found = (await rows.read(part)).map(({ mark }) => mark);
        await rows.change(
          part,
          found.flatMap((mark) => (mark ? [marks + mark] : [])),
          ({ records, others }) => {
            some = 0;
            const left = new Map(
              found.flatMap((mark) => (mark ? [mark] : [])).map((mark, index) => [mark, others[index]]),
            );
            const after = records.map((record) => {
              // What may be there already is not to be taken back.
              const stays: readonly Slot[] = record.pending.filter(({ isSent }) => isSent);
              if (stays.length === record.pending.length) return record;
              some++;
              if (!stays[0] && left.has(record.mark!)) left.set(record.mark!, undefined);
              return { ...record, pending: stays };
            });
            return { records: after, others: [...left.values()] };
          },
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
