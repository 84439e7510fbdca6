import { UNCHANGED, type Decision, type Entry } from "../core/contract.ts";
import { StoreError } from "../core/error.ts";
import type { Remote } from "../core/link.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";
import { add, isPast, joinBytes, live } from "../core/value.ts";
import { frame } from "../http/wire/frame.ts";

/** What is known of one key here: what the other side had, and what was done since and is not there yet. */
export interface Record {
  /** Another word whenever `confirmed` was set. */
  readonly n: string;
  /** What the other side had when it was last asked; nothing if nothing was there. Without its value if that is not kept here. */
  readonly confirmed?: Remote | undefined;
  /** At most two: one that may be on its way, and one after it. */
  readonly pending: readonly Slot[];
  /** Under which mark it is pending. */
  readonly mark?: string | undefined;
}

export type Slot = Write | Delta;

interface Pending {
  /** A word of its own. */
  readonly id: string;
  /** Whether it may be on its way: then it stays as it is. It is the batch that says so, not the row. */
  readonly isSent?: boolean | undefined;
  /** Whether it was dropped while it may be on its way: nobody sees it any more, and it is not tried again. */
  readonly isDropped?: boolean | undefined;
  /** Whether its end was reported, as the last slot. */
  readonly isOver?: boolean | undefined;
}

/** A value that is to be there, or to be there no more. */
export interface Write extends Pending {
  readonly value: Uint8Array | undefined;
  readonly expiresAt: number;
  /** The tag of what was there when this was decided, `undefined` for nothing. */
  readonly base: string | undefined;
  /** The value of that, where somebody wants to merge. */
  readonly before?: Uint8Array | undefined;
  /** How many decisions on what was there it stands for; 0 if it was to be written whatever was there. */
  readonly steps: number;
  /** What it is going to overwrite though nobody here had seen it. */
  readonly over?: Uint8Array | undefined;
}

/** A change of whatever is there: a number added, a new deadline, or both in this order. */
export interface Delta extends Pending {
  /** When it was made: it changes what was there then, whenever that would have ended. */
  readonly at: number;
  readonly by?: number | undefined;
  /** When the number expires if this creates it. */
  readonly born?: number | undefined;
  /** The new deadline. */
  readonly until?: number | undefined;
}

export const isWrite = (slot: Slot | undefined): slot is Write => !!slot && "steps" in slot;

/** How many bytes of values what waits has. */
export const weigh = ({ pending }: Pick<Record, "pending">): number =>
  pending.reduce((sum, slot) => sum + ((isWrite(slot) && slot.value?.length) || 0), 0);

/** What changes whatever is there changes what is there now, and is over no more. */
export const renewed = (slot: Slot): Slot => (isWrite(slot) ? slot : { ...slot, isOver: false });

/** Returns the last of what waits, if that was not dropped. */
export function lastOf(pending: Record["pending"]): Slot | undefined {
  const last = pending.at(-1);
  return last?.isDropped ? undefined : last;
}

/** Whether what was written has ended. What was noted to have is over for good, whatever the clock says now. */
export const hasEnded = (slot: Write, now: () => number): boolean => !!slot.isOver || isPast(slot, now);

/** What there is of a key of which nothing is known, or which is known to have nothing. */
export const blank: Record = { n: "", pending: [] };

/** An entry as a caller sees it. Without its value if that is only on the other side. */
export interface Visible {
  readonly value?: Uint8Array | undefined;
  readonly expiresAt: number;
  /** Names the value, if it is one that the other side has. */
  readonly tag?: string | undefined;
}

/** Returns what a caller sees: what was done since over what was there. What has ended is over for good. */
export function visible({ confirmed, pending }: Record, now: () => number): Visible | undefined {
  if (pending.at(-1)?.isOver) return undefined;
  let seen: Visible | undefined = confirmed;
  for (const slot of pending) {
    if (slot.isDropped) continue;
    if (isWrite(slot)) seen = slot.value && { value: slot.value, expiresAt: slot.expiresAt };
    else
      seen = change(
        live(seen, () => slot.at),
        slot,
      );
  }
  return live(seen, now);
}

/** Whether a caller sees something whose value is only on the other side. */
export function isStub(record: Record, now: () => number): boolean {
  const seen = visible(record, now);
  return !!seen && !seen.value;
}

/** How many bytes of values that the other side has are here. */
export const sizeOf = ({ confirmed }: Record): number => confirmed?.value?.length ?? 0;

const isAddition = (slot: Slot): boolean => (slot as Delta).by !== undefined;

/** Whether it cannot do without the value that the other side has: something is added to that. */
export const needsValue = ({ pending }: Pick<Record, "pending">): boolean => pending.some(isAddition);

/** Returns a record without the value that the other side has, if it can do without. */
export function withoutValue(record: Record): Record {
  const { confirmed } = record;
  if (!confirmed?.value || needsValue(record)) return record;
  return { ...record, confirmed: { ...confirmed, value: undefined } };
}

/** Returns a record with the value that was read for it; nothing if it is another one by now. */
export function withValue(record: Record, found: Remote | undefined, now: () => number): Record | undefined {
  if (!isStub(record, now)) return record;
  const { confirmed } = record;
  const isIt = found?.value && found.tag === confirmed!.tag;
  return isIt ? { ...record, confirmed: { ...confirmed!, value: found.value } } : undefined;
}

// As if it were before the beginning of time: all there is has an end to come.
const before = (): number => -Infinity;

/** Returns what there is, or was until it ended, as long as nobody has taken note of that. */
export function lasting(record: Record): Visible | undefined {
  return visible(record, before);
}

/** Whether what waits has ended, and nobody has taken note of it. What does not wait is the local store's to end. */
export function isDue(record: Record, now: () => number): boolean {
  return !!record.pending[0] && !visible(record, now) && !!lasting(record);
}

/** Takes note that what waits has ended. A deadline that was given has put an end to what was there then, and to nothing newer. */
export function ended(record: Record): Record {
  const pending = record.pending.map((slot, index, { length }): Slot => {
    const isOver = index === length - 1;
    if (!isOver || isWrite(slot) || slot.isSent || slot.until === undefined) return { ...slot, isOver };
    return { id: slot.id, isOver, value: undefined, expiresAt: Infinity, base: record.confirmed?.tag, steps: 1 };
  });
  return { ...record, pending };
}

/** Returns what a delta makes of an entry. What is no number stays as it is: the other side will refuse to add to it. */
export function change(seen: Visible | undefined, { by, born, until }: Delta): Visible | undefined {
  if (by !== undefined && (!seen || seen.value)) {
    try {
      seen = { value: encodeText(`${add(seen?.value, by, "")}`), expiresAt: seen?.expiresAt ?? born! };
    } catch {
      // The other side says so of the key.
    }
  }
  return seen && until !== undefined ? { ...seen, expiresAt: until } : seen;
}

// The first of a record's line. What another version wrote is left as it is.
const version = 1;
// A row that begins with this byte, before its line, has after it just what is seen, and for ever.
const plain = 2;

const isPlain = ({ confirmed, pending: [slot, next] }: Record): boolean => {
  const seen = slot ?? confirmed;
  // prettier-ignore
  return !next && !!seen && "value" in seen && !!seen.value && seen.expiresAt === Infinity &&
    !(slot && (confirmed?.value || !isWrite(slot) || slot.before || slot.over || slot.isOver || slot.isDropped));
};

/** Returns what is seen of a row, as far as that can be known without taking it apart. */
export function plainValue(row: Uint8Array): Uint8Array | undefined {
  return row[0] === plain ? row.slice(row.indexOf(10) + 1) : undefined;
}

/** Writes a record as its row; nothing if there is nothing to know. */
export function writeRecord(record: Record): Entry | undefined {
  const { n, confirmed, pending, mark } = record;
  if (!confirmed && !pending[0]) return undefined;
  const values: (Uint8Array | undefined)[] = [];
  const sizeOf = (value: Uint8Array | undefined): number | undefined => {
    if (value) values.push(value);
    return value?.length;
  };
  const head = [
    version,
    n,
    confirmed ? [sizeOf(confirmed.value), confirmed.expiresAt, confirmed.tag] : 0,
    mark,
    ...pending.map((slot) =>
      isWrite(slot)
        ? { ...slot, value: sizeOf(slot.value), before: sizeOf(slot.before), over: sizeOf(slot.over) }
        : slot,
    ),
  ];
  const row = frame(head, values as Uint8Array[]);
  return {
    value: isPlain(record) ? joinBytes([Uint8Array.of(plain), row]) : row,
    // What waits is not to be swept; what it is over is the other side's to forget.
    expiresAt: pending[0] ? Infinity : confirmed!.expiresAt,
  };
}

/** Reads the value of a row. Throws `bad-config` for one of another version. `isSent` says what may be on its way. */
export function readRecord(value: Uint8Array | undefined, isSent?: (id: unknown) => boolean): Record {
  if (!value) return blank;
  try {
    // Not by the frames of the wire, which check more and are slower.
    let at = value.indexOf(10) + 1;
    const line = value.subarray(Number(value[0] === plain), at);
    const [found, n, confirmed, mark, ...slots] = JSON.parse(decodeLoosely(line));
    if (found !== version) throw found;
    const cut = (size: number | null | undefined): Uint8Array | undefined =>
      size == null ? undefined : value.slice(at, (at += size));
    return {
      n,
      confirmed: confirmed
        ? { value: cut(confirmed[0]), expiresAt: confirmed[1] ?? Infinity, tag: confirmed[2] }
        : undefined,
      mark: mark ?? undefined,
      pending: slots.map((slot: any, index: number) => ({
        ...slot,
        // The first goes alone.
        isSent: (!index && isSent?.(slot.id)) || undefined,
        ...("steps" in slot
          ? {
              value: cut(slot.value),
              before: cut(slot.before),
              over: cut(slot.over),
              expiresAt: slot.expiresAt ?? Infinity,
              base: slot.base,
            }
          : {
              ...("born" in slot && { born: slot.born ?? Infinity }),
              ...("until" in slot && { until: slot.until ?? Infinity }),
            }),
      })),
    };
  } catch (cause) {
    const expected = `expected rows of format ${version}`;
    throw new StoreError("bad-config", `Local store holds no record of an offline store: ${expected}`, {
      cause,
    });
  }
}

/** Returns a delta as a decision. */
export function decisionOf(delta: Delta): Decision {
  return (entry) => (change(entry, delta) as Entry | undefined) ?? UNCHANGED;
}
