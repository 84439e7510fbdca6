import type { CallOptions, Entry, NewEntry, Store } from "../core/contract.ts";
import type { KeyChange } from "../core/keyChange.ts";
import { createSent, nextMark, readMark, writeMark } from "./marks.ts";
import { identityRow, kept, marks, records } from "./names.ts";
import { ended, isDue, readRecord, sizeOf, visible, weigh, withoutValue, writeRecord, type Record } from "./record.ts";
import { isSameTime, isSameValue } from "./settle.ts";
import type { Limits, Space } from "./space.ts";
import { transactOf } from "./transactOf.ts";

/** What has changed of rows: of what waits with how many bytes of values that is. */
export interface RowChange extends KeyChange {
  readonly size?: number | undefined;
}

type Row = Entry | undefined;
type NewRow = NewEntry | Entry | undefined;

/** What may be done to records and other rows in one step. */
export interface Step {
  readonly records: readonly Record[];
  /** The other rows that were asked for. */
  readonly others: readonly Row[];
  /** Whether there was no room for it: what grows is to wait. */
  readonly isTight: boolean;
}

/** What becomes of them. What is returned as it was given is left. Nothing in place of it all: leave it all. */
export interface After {
  readonly records: readonly (Record | undefined)[];
  readonly others?: readonly NewRow[] | undefined;
  /** What is to be reported, where that is more than what looks another way. */
  readonly changes?: readonly KeyChange[] | undefined;
}

/** How records are changed. */
export interface How extends CallOptions {
  /** Whether it is a call of this store, by which more may wait; else less. */
  readonly isOwn?: boolean | undefined;
  /** Of a step by which what waits goes: the marks that go with what waits no more. */
  readonly marks?: readonly string[] | undefined;
  /** Whether there was no room for it. */
  readonly isTight?: boolean | undefined;
}

/** Returns what has changed for those who look; nothing if nothing has, unless somebody wrote the same once more. */
export function changeOf(
  key: string,
  before: Record,
  after: Record,
  now: () => number,
  isOwn: boolean,
): KeyChange | undefined {
  const [old, next] = [visible(before, now), visible(after, now)];
  if (!next) return old && { type: "delete", key };
  const isSame = old && isSameTime(old, next) && isSameValue(old, next);
  return isSame && !isOwn ? undefined : { type: "set", key };
}

// What was refused here, and not for want of room.
export const refused: WeakSet<object> = /* @__PURE__ */ new WeakSet<object>();

function refuse(check: () => void): void {
  try {
    check();
  } catch (error) {
    refused.add(error as object);
    throw error;
  }
}

// How many keys one mark gets that are written one after the other.
const mostMarked = 32;
// For how long: ms.
const markedTogether = 1000;

/**
 * Changes records and other rows in one step, marks what is pending, and then reports what that changed for those who look.
 * Resolves with whether anything was done.
 */
export type Change = (
  keys: readonly string[],
  others: readonly string[],
  decide: (step: Step) => After | undefined,
  how?: How,
) => Promise<boolean>;

/** What a step stands on. */
export interface StepWorld extends Limits {
  readonly space: Space;
  /** Makes a new word each time. */
  word(): string;
  /** Throws when so many keys and bytes more are too many to wait. */
  admit(count: number, bytes: number): void;
  /** Gets what has changed for those who look, under the keys of records, and of which keys marks, and which kept rows, have come and gone. */
  report(changes: readonly RowChange[], isOwn: boolean): void;
  /** Gets the keys whose end was noted by the way. */
  ended(keys: readonly string[]): void;
}

/** Returns what changes the rows in a store, if there is room. */
export function createStep(local: Store, world: StepWorld): Change {
  const { now, word, admit, space, report } = world;
  const transact = transactOf(local, now);
  const sentBy = createSent();
  // The mark of what is written here, of how many keys it is, and since when: epoch ms.
  let open = { mark: "", count: 0, since: -Infinity };

  return async (keys, others, decide, { isOwn = false, marks: given = [], isTight = false, ...options } = {}) => {
    // In the order of time, so that what has waited longest is found first.
    const since = Math.floor(now());
    if (open.count >= mostMarked || Math.abs(since - open.since) > markedTogether)
      open = { mark: since.toString(36).padStart(9, "0") + word(), count: 0, since };
    const { mark } = open;
    const seen = [...new Set(isOwn || given[0] ? [...given, mark] : [])];
    const wanted = [...keys.map((key) => records + key), ...others];
    const end = wanted.length;
    const journal = wanted.indexOf(identityRow);
    // What does not fit into one step is marked after it: what is marked for nothing does no harm. All may be on its way then.
    const isFull = isOwn && end + 2 > transact.most;
    if (!isFull) for (const mark of seen) wanted.push(marks + mark);
    if (!isFull && journal < 0 && keys[0] !== undefined) wanted.push(identityRow);
    let changes: KeyChange[] = [];
    let tally: RowChange[] = [];
    let added: string[] = [];
    let isDone = false;
    let grown = 0;
    await transact.run(
      wanted,
      (rows) => {
        changes = [];
        tally = [];
        added = [];
        grown = 0;
        space.needed = 0;
        const isSent = isFull ? () => true : sentBy(rows.at(journal)?.value);
        const found = keys.map((_, index) => readRecord(rows[index]?.value, isSent));
        const before = found.map((record) => (isDue(record, now) ? ended(record) : record));
        const after = decide({ records: before, others: rows.slice(keys.length, end), isTight });
        isDone = !!after;
        if (!after) return rows;
        const next: NewRow[] = [...rows];
        const waiting = new Map<string, string | undefined>();
        let bytes = 0;
        keys.forEach((key, index) => {
          const old = before[index]!;
          const record = after.records[index] ?? old;
          if (old !== found[index]) changes.push({ type: "expire", key });
          const isWaiting = !!record.pending[0];
          const under = isWaiting ? (record.mark ?? mark) : undefined;
          waiting.set(key, under);
          const value = record.confirmed?.value;
          const isNew = !isOwn && value && value !== old.confirmed?.value;
          const isOut = isNew && (isTight || !space.fits(value.length, grown - sizeOf(old)));
          // What was read for somebody is known already.
          const saved = !isOut ? record : record.n === old.n ? old : withoutValue(record);
          if (saved === found[index]) return;
          grown += sizeOf(saved) - sizeOf(old);
          next[index] = writeRecord({ ...saved, mark: under });
          space.needed += next[index]?.value.length ?? 0;
          if (isWaiting && !record.mark) added.push(key);
          const size = weigh(record);
          const more = size - weigh(old);
          bytes += more;
          if (isWaiting !== !!old.pending[0] || more)
            tally.push({ type: isWaiting ? "set" : "delete", key: marks + key, size });
          const change = !after.changes && changeOf(key, old, record, now, isOwn);
          if (change) changes.push(change);
        });
        if (isOwn) refuse(() => admit(added.length, bytes));
        after.others?.forEach((row, index) => {
          const place = keys.length + index;
          next[place] = row;
          const key = wanted[place]!;
          if (key.startsWith(kept) && !row !== !rows[place]) tally.push({ type: row ? "set" : "delete", key });
        });
        if (!isFull)
          seen.forEach((name, index) => {
            next[end + index] = nextMark(rows[end + index], name, waiting, name === mark ? added : []);
          });
        for (const change of after.changes ?? []) changes.push(change);
        return next;
      },
      options,
    );
    if (isFull && added[0] !== undefined)
      await local.update(marks + mark, (row) => writeMark([...(row ? readMark(row) : []), ...added])!.value);
    if (!isDone) return false;
    space.grew(grown);
    if (mark === open.mark) open.count += isFull ? mostMarked : added.length;
    if (!isOwn) world.ended(changes.flatMap(({ type, key }) => (type === "expire" ? key : [])));
    for (const { type, key } of changes) tally.push({ type, key: records + key });
    report(tally, isOwn);
    return true;
  };
}
