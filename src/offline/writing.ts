import { UNCHANGED, type Call, type Decision, type Entry } from "../core/contract.ts";
import { enqueueWrite } from "./enqueue.ts";
import type { Parts } from "./parts.ts";
import { read } from "./reading.ts";
import { decisionOf, isWrite, visible, type Record } from "./record.ts";

// How many records are changed in one step where a call need not be one, and how many decisions are kept for one key.
export const portion = 400;
const mostDecisions = 100;

/** Changes records as a caller wants it: `decide` returns what of a key is to wait, or nothing. */
export async function enqueue(
  { rows }: Parts,

  keys: readonly string[],
  decide: (records: readonly Record[], seen: readonly (Entry | undefined)[]) => readonly (Record["pending"] | undefined)[], // prettier-ignore
  call: Call,
): Promise<void> {
  const { signal } = call;
  await rows.change(
    keys,
    [],
    ({ records }) => {
      const seen = records.map((record) => visible(record, call.now) as Entry | undefined);
      const pending = decide(records, seen);
      return { records: records.map((record, index) => pending[index] && { ...record, pending: pending[index] }) };
    },
    true,
    { signal },
  );
}

/** Returns what waits after a write. */
export function write(
  { keepsBefore }: Parts,
  record: Record,
  entry: Entry | undefined,
  id: string,
  isDecision: boolean,
): Record["pending"] {
  const { value, expiresAt = Infinity } = entry ?? {};
  return enqueueWrite(record, { id, value, expiresAt, isDecision, keepsBefore });
}

/** Remembers what a decision that waits was made by. */
function remember({ decisions }: Parts, record: Record, id: string, decide: Decision): void {
  const last = record.pending.at(-1);
  // Over what is written whatever is there, it is that itself.
  if (isWrite(last) && !last.steps) return;
  const before = last ? (decisions.get(last.id) ?? (isWrite(last) ? undefined : [decisionOf(last)])) : [];
  if (last && !last.isSent) decisions.delete(last.id);
  if (before && before.length < mostDecisions) decisions.set(id, [...before, decide]);
}

/** Makes decisions about keys, all of them in one step. One that is to be made again by itself is remembered. */
export async function mutateMany(
  parts: Parts,

  keys: readonly string[],
  decide: (found: readonly (Entry | undefined)[]) => readonly (Entry | undefined | typeof UNCHANGED)[],
  call: Call,
  rerun?: Decision,
): Promise<void> {
  await read(parts, keys, call);
  const ids = keys.map(parts.word);
  let before: Record | undefined;
  await enqueue(
    parts,
    keys,
    (records, seen) => {
      before = undefined;
      const chosen = decide(seen);
      return records.map((record, index) => {
        const next = chosen[index];
        if (next === UNCHANGED || (!next && !seen[index])) return undefined;
        before = record;
        return write(parts, record, next, ids[index]!, true);
      });
    },
    call,
  );
  if (rerun && before) remember(parts, before, ids[0]!, rerun);
}

/** Removes keys, and counts those that had a value. */
export async function deleteSome(parts: Parts, keys: readonly string[], call: Call): Promise<number> {
  let count = 0;
  for (let at = 0; at < keys.length; at += portion) {
    const part = keys.slice(at, at + portion);
    await read(parts, part, call);
    let some = 0;
    await enqueue(
      parts,
      part,
      (records, seen) => {
        some = seen.filter((entry) => entry).length;
        return records.map((record, index) =>
          seen[index] ? write(parts, record, undefined, parts.word(), false) : undefined,
        );
      },
      call,
    );
    count += some;
  }
  return count;
}
