import type { CallOptions, Entry, NewEntry, Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { isKey } from "../core/key.ts";
import type { KeyChange } from "../core/keyChange.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";
import { equalBytes } from "../core/value.ts";
import { ended, isDue, readRecord, visible, writeRecord, type Record } from "./record.ts";
import { isSameTime } from "./settle.ts";

// Where a record, a mark and what was kept are in the local store, by the first letter of its key.
export const records = "d";
export const marks = "o";
export const kept = "x";
/** Who this is to the other side, and what is on its way. */
export const identityRow = "i";
/** How far what the other side has is known here. */
export const progressRow = "s";

/** Whether there can be a record of a key. One of 1,024 bytes is too long. */
export const isRecordKey = (key: unknown): key is string => isKey(key) && isKey(records + key);

/** Throws `invalid-argument` for what can have no record. */
export function checkRecordKey(key: string): void {
  check(isRecordKey(key), "key", "a well-formed string of 1 to 1,023 UTF-8 bytes", key);
}

type Row = Entry | undefined;
type NewRow = NewEntry | Entry | undefined;

/** What may be done to records and other rows in one step. */
export interface Step {
  readonly records: readonly Record[];
  /** The other rows that were asked for. */
  readonly others: readonly Row[];
}

/** What becomes of them. What is returned as it was given is left. Nothing in place of it all: leave it all. */
export interface After {
  readonly records: readonly (Record | undefined)[];
  readonly others?: readonly NewRow[] | undefined;
}

/** The rows of an offline store in its local one. */
export interface Rows {
  read(keys: readonly string[], options?: CallOptions): Promise<Record[]>;
  /**
   * Changes records and other rows in one step, marks and unmarks what is pending, and then reports what that changed for
   * those who look: everything that `isOwn`, and else what looks another way. Resolves with whether anything was done.
   */
  change(
    keys: readonly string[],
    others: readonly string[],
    decide: (step: Step) => After | undefined,
    isOwn?: boolean,
    options?: CallOptions,
  ): Promise<boolean>;
  /** Returns how many ends were noted by the way since this was asked last, of keys with a prefix. */
  countEnds(prefix: string): number;
  /** Reads a row of JSON. */
  readJson<T>(row: string, options?: CallOptions): Promise<T | undefined>;
}

/** How many rows are changed in one step at most. */
const most = 1000;

// How many ends are remembered to be counted.
const mostEnds = 10_000;

export function toJson(row: Row): any {
  return row && JSON.parse(decodeLoosely(row.value));
}

export function fromJson(value: unknown): NewEntry {
  return { value: encodeText(JSON.stringify(value)) };
}

/** Returns the rows in a store. `word` makes a new word each time, `report` gets what has changed. */
export function createRows(
  local: Store,
  { now, word }: { now(): number; word(): string },
  report: (changes: readonly KeyChange[], isOwn: boolean) => void,
): Rows {
  let ends: string[] = [];

  function changeOf(key: string, before: Record, after: Record, isOwn: boolean): KeyChange | undefined {
    const [old, next] = [visible(before, now), visible(after, now)];
    if (!next) return old && { type: "delete", key };
    const isSame = old && isSameTime(old, next) && equalBytes(old.value, next.value);
    return isSame && !isOwn ? undefined : { type: "set", key };
  }

  return {
    read: async (keys, options) =>
      (
        await local.findMany(
          keys.map((key) => records + key),
          options,
        )
      ).map((value) => readRecord(value && { value, expiresAt: Infinity })),

    async change(keys, others, decide, isOwn = false, options) {
      // In the order of time, so that what has waited longest is found first.
      const stem = Math.floor(now()).toString(36).padStart(9, "0");
      const fresh = keys.map(() => stem + word());
      // What does not fit into one step is marked after it: what is marked for nothing does no harm.
      const isSplit = 2 * keys.length + others.length > most;
      const wanted = [...keys.map((key) => records + key), ...others];
      if (!isSplit) for (const mark of fresh) wanted.push(marks + mark);
      let changes: KeyChange[] = [];
      let marked: [string, NewEntry][] = [];
      let isDone = false;
      await local.transact(
        wanted,
        (rows) => {
          changes = [];
          marked = [];
          const before = keys.map((_, index) => readRecord(rows[index]));
          const end = keys.length + others.length;
          const after = decide({ records: before, others: rows.slice(keys.length, end) });
          isDone = !!after;
          if (!after) return rows;
          const next: NewRow[] = [...rows];
          keys.forEach((key, index) => {
            const old = before[index]!;
            let record = after.records[index] ?? old;
            if (isDue(old, now)) {
              changes.push({ type: "expire", key });
              if (record.pending.at(-1)?.id === old.pending.at(-1)!.id) record = ended(record);
            }
            if (record === old) return;
            const isWaiting = !!record.pending[0];
            const mark = isWaiting ? (record.mark ?? fresh[index]) : undefined;
            next[index] = writeRecord({ ...record, mark });
            if (isWaiting && !record.mark) {
              const row = { value: encodeText(key) };
              if (isSplit) marked.push([marks + mark!, row]);
              else next[end + index] = row;
            }
            const change = changeOf(key, old, record, isOwn && record.pending !== old.pending);
            if (change) changes.push(change);
          });
          after.others?.forEach((row, index) => (next[keys.length + index] = row));
          return next;
        },
        options,
      );
      if (marked[0]) await local.setMany(marked.map(([mark, { value }]) => [mark, value]));
      if (!isDone) return false;
      if (!isOwn) for (const change of changes) if (change.type === "expire") ends.push(change.key);
      ends.splice(0, ends.length - mostEnds);
      report(changes, isOwn);
      return true;
    },

    countEnds(prefix) {
      const left = ends.filter((key) => !key.startsWith(prefix));
      const count = ends.length - left.length;
      ends = left;
      return count;
    },

    readJson: async (row, options) => {
      const value = await local.find(row, options);
      return value && JSON.parse(decodeLoosely(value));
    },
  };
}
