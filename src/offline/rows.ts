import type { CallOptions, Entry, NewEntry, Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { isKey } from "../core/key.ts";
import type { KeyChange } from "../core/keyChange.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";
import { readerOf } from "../core/readerOf.ts";
import { equalBytes, isPast, toBytes } from "../core/value.ts";
import { blank, ended, isDue, readRecord, visible, writeRecord, type Record } from "./record.ts";
import { isSameTime } from "./settle.ts";
import { transactOf } from "./transactOf.ts";

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
  /** What is to be reported, where that is more than what looks another way. */
  readonly changes?: readonly KeyChange[] | undefined;
}

/** The rows of an offline store in its local one. */
export interface Rows {
  read(keys: readonly string[], options?: CallOptions): Promise<Record[]>;
  /**
   * Changes records and other rows in one step, marks what is pending, and then reports what that changed for those who look.
   * Resolves with whether anything was done.
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

// How many ends are remembered to be counted.
const mostEnds = 10_000;

/** Reads the value of a row that is JSON. */
export function parse(value: Uint8Array | undefined): any {
  return value && JSON.parse(decodeLoosely(value));
}

export function toJson(row: Row): any {
  return parse(row?.value);
}

export function fromJson(value: unknown): NewEntry {
  return { value: encodeText(JSON.stringify(value)) };
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
  const isSame = old && isSameTime(old, next) && equalBytes(old.value, next.value);
  return isSame && !isOwn ? undefined : { type: "set", key };
}

/** Returns which marks and kept rows have come or gone. */
function tallyOf(keys: readonly string[], before: readonly Row[], after: readonly NewRow[]): KeyChange[] {
  return keys.flatMap((key, index) =>
    !before[index] === !after[index] || !(key.startsWith(marks) || key.startsWith(kept))
      ? []
      : [{ type: after[index] ? "set" : "delete", key }],
  );
}

/**
 * Returns the rows in a store. `word` makes a new word each time, `admit` throws when so many keys more are too many to wait, and
 * `report` gets what has changed for those who look, under the keys of records, and which marks and kept rows have come and gone.
 */
export function createRows(
  local: Store,
  { now, word, admit }: { now(): number; word(): string; admit(count: number): void },
  report: (changes: readonly KeyChange[], isOwn: boolean) => void,
): Rows {
  const transact = transactOf(local, now);
  let ends: string[] = [];
  // The marks that were there when they were seen last: what is marked by now needs no new one.
  const known = new Map<string, string>();

  async function change(
    keys: readonly string[],
    others: readonly string[],
    decide: (step: Step) => After | undefined,
    isOwn = false,
    options?: CallOptions,
  ): Promise<boolean> {
    // In the order of time, so that what has waited longest is found first.
    const stem = Math.floor(now()).toString(36).padStart(9, "0");
    const wanted = [...keys.map((key) => records + key), ...others];
    const end = wanted.length;
    // What does not fit into one step is marked after it: what is marked for nothing does no harm.
    const isSplit = 2 * keys.length + others.length > transact.most;
    const fresh = keys.map((key) => (known.has(key) ? undefined : stem + word()));
    const places = new Map<number, number>();
    fresh.forEach((mark, index) => mark && !isSplit && places.set(index, wanted.push(marks + mark) - 1));
    let changes: KeyChange[] = [];
    let late: [string, Uint8Array][] = [];
    let tally: KeyChange[] = [];
    let [isDone, isStale] = [false, false];
    const seen = new Map<string, string | undefined>();
    await transact.run(
      wanted,
      (rows) => {
        changes = [];
        late = [];
        isStale = false;
        const found = keys.map((_, index) => readRecord(rows[index]?.value));
        const before = found.map((record) => (isDue(record, now) ? ended(record) : record));
        const after = decide({ records: before, others: rows.slice(keys.length, end) });
        isDone = !!after;
        if (!after) return rows;
        const next: NewRow[] = [...rows];
        let added = 0;
        keys.forEach((key, index) => {
          const old = before[index]!;
          const record = after.records[index] ?? old;
          if (old !== found[index]) changes.push({ type: "expire", key });
          if (record === found[index]) return;
          const isWaiting = !!record.pending[0];
          const mark = isWaiting ? (record.mark ?? fresh[index]) : undefined;
          if (isWaiting && !mark) isStale = true;
          seen.set(key, mark);
          next[index] = writeRecord({ ...record, mark });
          if (isWaiting && !record.mark) {
            added++;
            const place = places.get(index);
            if (place === undefined) late.push([marks + mark!, encodeText(key)]);
            else next[place] = { value: encodeText(key) };
          }
          const change = !after.changes && changeOf(key, old, record, now, false);
          if (change) changes.push(change);
        });
        // Somebody has settled what was marked.
        if (isStale) return rows;
        if (isOwn && added) admit(added);
        after.others?.forEach((row, index) => (next[keys.length + index] = row));
        tally = tallyOf(wanted, rows, next);
        for (const change of after.changes ?? []) changes.push(change);
        return next;
      },
      options,
    );
    for (const [key, mark] of seen) {
      if (mark && !isStale) known.set(key, mark);
      else known.delete(key);
    }
    if (isStale) return change(keys, others, decide, isOwn, options);
    if (late[0]) await local.setMany(late);
    if (!isDone) return false;
    for (const [key] of late) tally.push({ type: "set", key });
    if (!isOwn) for (const change of changes) if (change.type === "expire") ends.push(change.key);
    ends.splice(0, ends.length - mostEnds);
    for (const { type, key } of changes) tally.push({ type, key: records + key });
    report(tally, isOwn);
    return true;
  }

  return {
    read: async (keys, options) => {
      const wanted = keys.map((key) => records + key);
      // As they lie there, if that can be had: what has expired is left to a sweep, which counts it.
      const reader = readerOf(local);
      if (reader) {
        const found = await reader(wanted, options);
        return found.map((row) => (row && !isPast(row, now) ? readRecord(toBytes(row.value)) : blank));
      }
      return (await local.findMany(wanted, options)).map(readRecord);
    },

    change,

    countEnds(prefix) {
      const left = ends.filter((key) => !key.startsWith(prefix));
      const count = ends.length - left.length;
      ends = left;
      return count;
    },

    readJson: async (row, options) => parse(await local.find(row, options)),
  };
}
