import type { Change } from "../../core/contract.ts";
import { cost, createSieve, type Sieved } from "../../core/sieve.ts";
import type { Activity } from "./active.ts";
import { ask, readMany } from "./readMany.ts";
import { copyOf, isWhole, type Stored } from "./record.ts";

/** A change, and of a set what was written. */
export interface Noted extends Change {
  readonly record?: Stored;
}

/** A transaction, and what is known of the state in which it finds the database. */
export interface View extends Activity {
  /** Settles when the mark is known, once it was asked for. What the cache holds counts from then on, while the transaction is active. */
  verified?: Promise<void>;
  isVerified: boolean;
  /** Of which connection it is. */
  readonly era: number;
  /** The mark that it found, and the one that it leaves, if it writes. */
  mark?: number;
  next?: number;
}

/**
 * What was read or written lately. Every transaction that writes leaves a mark in the database, a number that is one more than
 * the last, and what is held counts only within a transaction that found the mark under which it is held: so it is what the
 * database itself would answer, whoever wrote meanwhile.
 */
export interface Cache {
  /** Returns a view of a transaction. One that writes is to leave a mark, which is its first request. */
  begin(entries: IDBObjectStore, leavesMark: boolean): View;
  /** Forgets what was held under another mark than a transaction finds. */
  verify(view: View): Promise<void>;
  /** Takes note of what a transaction changed that is committed. */
  commit(view: View, noted: readonly Noted[]): void;
  has(key: string): boolean;
  /** Returns a record that is held, the caller's own. */
  take(key: string): unknown;
  /** Reads a record, which is the caller's own. */
  get(view: View, key: string): Promise<unknown>;
  /** Reads records, and returns how to get at them by their keys: each time the caller's own. */
  getMany(view: View, keys: readonly string[]): Promise<(key: string) => unknown>;
  /** Forgets all, since the connection is lost. */
  lose(): void;
}

interface Slot extends Sieved {
  /** `undefined` where there is none. */
  readonly record: Stored | undefined;
  readonly size: number;
}

/** The object store of the marks, whose keys they are: the database counts them. */
export const markStore = "marks";
// So many are left behind before they are removed.
const oldMarks = 100;
// About what holding a record takes besides its bytes and its key.
const overhead = 100;
// No single one takes more than so small a part of the room: reading a large value gains little.
const parts = 64;

/** Returns a cache that takes at most so many bytes; none for 0. */
export function createCache(maxBytes: number): Cache {
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  let bytes = 0;
  // The mark under which all of it is held.
  let current: number | undefined;
  let era = 0;
  let isAsked = false;
  // Below it no mark is left.
  let first = 0;

  function clear(): void {
    slots.clear();
    bytes = 0;
  }

  function forget(key: string): void {
    bytes -= slots.get(key)?.size ?? 0;
    slots.delete(key);
  }

  function hold(key: string, record: unknown): void {
    forget(key);
    // Who reads a damaged one is told by the database.
    if (record !== undefined && !isWhole(record)) return;
    const size = overhead + cost(key, record?.v ?? "");
    if (size > maxBytes / parts) return;
    slots.set(key, { record: copyOf(record), size, isUsed: false });
    for (bytes += size; bytes > maxBytes;) forget(pick(key));
  }

  function take(key: string): Stored | undefined {
    const slot = slots.get(key)!;
    slot.isUsed = true;
    return copyOf(slot.record);
  }

  /** Holds what a transaction found, unless another has found a newer state meanwhile. */
  function keep(view: View, key: string, record: unknown): void {
    if (view.isVerified && view.mark === current) hold(key, record);
  }

  function get(view: View, key: string): Promise<unknown> {
    // The first value of all is not held: asking for the mark, too, would make it later.
    const verified = isAsked || slots.size ? verify(view) : undefined;
    isAsked = true;
    if (slots.has(key)) return view.isVerified ? Promise.resolve(take(key)) : verified!.then(() => get(view, key));
    return ask(view.entries.get(key), view).then((record) => {
      keep(view, key, record);
      return record;
    });
  }

  function verify(view: View): Promise<void> {
    if (!view.verified) {
      view.verified = maxBytes ? compare(view, lastMark) : Promise.resolve();
      // Whoever waits for it is told, and what takes the transaction down is told there.
      view.verified.catch(() => {});
    }
    return view.verified;
  }

  async function compare(view: View, read: (view: View) => Promise<number>): Promise<void> {
    const mark = await read(view);
    // Another database may have the same marks.
    if (view.era !== era) throw new Error("a closed connection");
    if (mark !== current) clear();
    view.mark = current = mark;
    view.isVerified = true;
  }

  const marksOf = ({ entries }: View): IDBObjectStore => entries.transaction.objectStore(markStore);

  async function lastMark(view: View): Promise<number> {
    const cursor = await ask(marksOf(view).openKeyCursor(null, "prev"), view);
    return cursor ? (cursor.key as number) : 0;
  }

  /** Leaves a mark, and resolves with the one before. */
  async function leaveMark(view: View): Promise<number> {
    const marks = marksOf(view);
    const asked = ask(marks.put(0), view);
    if (current! > first + oldMarks) marks.delete(IDBKeyRange.upperBound((first = current!), true));
    view.next = (await asked) as number;
    return view.next - 1;
  }

  return {
    begin(entries, leavesMark) {
      const view: View = { entries, turns: 0, era, isVerified: false };
      if (leavesMark) (view.verified = compare(view, leaveMark)).catch(() => {});
      return view;
    },
    verify,
    commit({ mark, next }, noted) {
      if (mark !== current) return;
      current = next;
      for (const { key, record } of noted) {
        if (record) hold(key, record);
        else forget(key);
      }
    },
    has: (key) => slots.has(key),
    take,
    get,
    async getMany(view, keys) {
      const verified = verify(view);
      if (keys.some((key) => slots.has(key))) await verified;
      const found = new Map<string, unknown>();
      const missing: string[] = [];
      for (const key of keys) {
        if (slots.has(key)) found.set(key, take(key));
        else missing.push(key);
      }
      for (const [key, record] of await readMany(view.entries, missing)) found.set(key, record);
      for (const key of missing) keep(view, key, found.get(key));
      // Each once, and from then on copies.
      const given = new Set<string>();
      return (key) => {
        const record = found.get(key);
        if (given.has(key)) return copyOf(record);
        given.add(key);
        return record;
      };
    },
    lose() {
      clear();
      current = undefined;
      first = 0;
      era++;
    },
  };
}
