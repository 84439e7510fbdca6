import { UNCHANGED, type Call, type Decision, type Entry } from "../core/contract.ts";
import { enqueueWrite } from "./enqueue.ts";
import { value, type Decide, type Need, type Parts, type Whole } from "./parts.ts";
import { portions } from "./portions.ts";
import { read, readWhole } from "./reading.ts";
import { decisionOf, isWrite, lastOf, visible, withValue, type Delta, type Record, type Slot } from "./record.ts";

// How many decisions are kept for one key.
const mostDecisions = 100;

/** Changes several records in one step: `decide` returns what of each is to wait, or nothing. */
async function enqueueMany(
  { rows }: Parts,
  keys: readonly string[],
  decide: (
    records: readonly Record[],
    seen: readonly (Entry | undefined)[],
  ) => readonly (readonly Slot[] | undefined)[],
  call: Call,
): Promise<void> {
  const { signal } = call;
  await rows.change(
    keys,
    [],
    ({ records }) => {
      const seen = records.map((record) => visible(record, call.now) as Entry | undefined);
      const pending = decide(records, seen);
      return {
        records: records.map((record, index) => (pending[index] ? { ...record, pending: pending[index] } : record)),
      };
    },
    { isOwn: true, signal },
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
  const last = lastOf(record.pending);
  // Over what is written whatever is there, it is that itself.
  if (isWrite(last) && !last.steps) return;
  // What is over has nothing to say any more.
  const isOver = isWrite(last) && last.isOver;
  const old = isOver ? Array<Decision>(last.steps).fill(() => UNCHANGED) : last && decisions.get(last.id);
  const before = last ? (old ?? (isWrite(last) ? undefined : [decisionOf(last)])) : [];
  if (last && !last.isSent) decisions.delete(last.id);
  if (before && before.length < mostDecisions) decisions.set(id, [...before, decide]);
}

/** Makes a decision about a key, and remembers it, so that it can be made again. */
export async function mutate(parts: Parts, key: string, decide: Decision, call: Call): Promise<void> {
  const id = parts.word();
  let before: Record | undefined;
  const choose: Decide = (record, seen) => {
    before = undefined;
    const next = decide(seen);
    if (next === UNCHANGED || (!next && !seen)) return undefined;
    before = record;
    return write(parts, record, next, id, true);
  };
  await parts.enqueue(key, choose, value, call);
  if (before) remember(parts, before, id, decide);
}

/** Changes what is there by a delta. Where that goes into a decision, it is made again with it. */
export async function alter(
  parts: Parts,
  key: string,
  delta: Delta,
  decide: Decide,
  needs: Need,
  call: Call,
): Promise<void> {
  let before: Record | undefined;
  const choose: Decide = (record, seen) => {
    const pending = decide(record, seen);
    before = pending && record;
    return pending;
  };
  await parts.enqueue(key, choose, needs, call);
  const last = before?.pending.at(-1);
  if (isWrite(last) && !last.isSent) remember(parts, before!, delta.id, decisionOf(delta));
}

/** Makes decisions about keys, all of them in one step. */
export async function mutateMany(
  parts: Parts,
  keys: readonly string[],
  decide: (found: readonly (Entry | undefined)[]) => readonly (Entry | undefined | typeof UNCHANGED)[],
  call: Call,
): Promise<void> {
  for (let isKnown = false; !isKnown;) {
    const whole: Whole = new Map();
    await readWhole(parts, keys, call, whole);
    await enqueueMany(
      parts,
      keys,
      (found) => {
        const records = found.map((record, index) => withValue(record, whole.get(keys[index]!), call.now));
        isKnown = records.every((record) => record);
        if (!isKnown) return [];
        const seen = records.map((record) => visible(record!, call.now) as Entry | undefined);
        const chosen = decide(seen);
        return records.map((record, index) => {
          const next = chosen[index];
          if (next === UNCHANGED || (!next && !seen[index])) return undefined;
          return write(parts, record!, next, parts.word(), true);
        });
      },
      call,
    );
  }
}

/** Writes entries, as many in one step as fit. */
export async function setMany(parts: Parts, items: readonly (readonly [string, Entry])[], call: Call): Promise<void> {
  for (const part of portions(items)) {
    await enqueueMany(
      parts,
      part.map(([key]) => key),
      (records) => records.map((record, index) => write(parts, record, part[index]![1], parts.word(), false)),
      call,
    );
  }
}

/** Removes keys, and counts those that had a value. */
export async function deleteSome(parts: Parts, keys: readonly string[], call: Call): Promise<number> {
  let count = 0;
  for (const part of portions(keys)) {
    await read(parts, part, call);
    let some = 0;
    await enqueueMany(
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
