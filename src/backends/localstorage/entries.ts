import type { Entry, Value } from "../../core/contract.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { isStoreError, quote, StoreError } from "../../core/error.ts";
import type { Medium } from "./medium.ts";
import { readHead, readValue, writeRecord, type Head } from "./record.ts";
import type { Undo } from "./undo.ts";

/** What is to be written, or removed if there is no record. */
export type Item = readonly [key: string, record: string | undefined, expiresAt?: number];

/** The entries in a medium, and what is known of their deadlines. */
export interface Entries {
  head(key: string): Head | undefined;
  /** Reads an entry. The value of one that is damaged fails when it is asked for: it may have expired. */
  get(key: string): Entry<Value> | undefined;
  /** Writes and removes all or nothing. */
  set(items: readonly Item[], now: number): void;
  /** Removes an entry, and returns whether it was a live one. */
  delete(key: string, now: number): boolean;
  /** Removes what has expired, of the keys that begin with a prefix, and returns how many entries that were. */
  sweep(now: number, prefix?: string): number;
  /** Returns the first deadline there is, `Infinity` for none. */
  soonest(): number;
  /** Notes a deadline, or that there is none. */
  note(key: string, expiresAt?: number): void;
  /** Finds out anew which deadlines there are. */
  forget(): void;
}

/** Returns the entries in a medium. `changed` gets each change. With an `undo`, it keeps what was there while several are written. */
export function createEntries(
  { read, write, keys, nameOf }: Medium,
  changed: (type: KeyChange["type"], key: string, expiresAt?: number) => void,
  undo: Undo | undefined,
): Entries {
  // The deadlines in the Storage, from the first sweep on, so that a sweep reads what has expired and not all there is.
  let deadlines: Map<string, number> | undefined;

  function note(key: string, expiresAt = Infinity): void {
    if (expiresAt < Infinity) deadlines?.set(key, expiresAt);
    else deadlines?.delete(key);
  }

  function head(key: string): Head | undefined {
    const record = read(key);
    return record === undefined ? undefined : readHead(record);
  }

  function remove(key: string, now: number): boolean {
    const entry = head(key);
    if (!entry) return false;
    const isLive = entry.expiresAt > now;
    write(key, undefined);
    changed(isLive ? "delete" : "expire", key);
    return isLive;
  }

  function allDeadlines(): Map<string, number> {
    if (!deadlines) {
      deadlines = new Map();
      for (const key of keys("")) note(key, head(key)?.expiresAt);
    }
    return deadlines;
  }

  function sweep(now: number, prefix = ""): number {
    let count = 0;
    for (const [key, at] of allDeadlines()) {
      if (at > now || !key.startsWith(prefix)) continue;
      const entry = head(key);
      note(key, entry?.expiresAt);
      if (!entry || entry.expiresAt > now) continue;
      remove(key, now);
      count++;
    }
    return count;
  }

  /** Writes a record. One that there is no room for is tried again as long as there is something that makes room. */
  function writeWithRoom(key: string, record: string | undefined, now: number): void {
    for (;;) {
      try {
        return write(key, record);
      } catch (error) {
        if (!isStoreError(error, "quota-exceeded") || !(undo?.drop() || sweep(now))) throw error;
      }
    }
  }

  return {
    head,
    get(key) {
      const record = read(key);
      if (record === undefined) return undefined;
      const head = readHead(record);
      const value = readValue(record, head);
      if (value !== undefined) return { value, expiresAt: head.expiresAt };
      return {
        expiresAt: head.expiresAt,
        get value(): never {
          throw new StoreError("cant-decode", `Cannot decode key ${quote(key)}: expected a whole record of version 1`, {
            key,
          });
        },
      };
    },
    set(items, now) {
      const before: (readonly [key: string, record: string | undefined])[] = [];
      // What is refused leaves what was there. So only of several can there be something to bring back.
      const isOne = items.length === 1;
      const olds = items.map(([key, record]) => (isOne && record !== undefined ? undefined : read(key)));
      if (!isOne) undo?.keep(items.map(([key], index) => [nameOf(key), olds[index] ?? null]));
      try {
        for (const [index, [key, record]] of items.entries()) {
          writeWithRoom(key, record, now);
          before.push([key, olds[index]]);
        }
      } catch (error) {
        // What was written goes before anything comes back, so that there is room for it.
        for (const [key] of before) write(key, undefined);
        for (const [key, old] of before) write(key, old);
        deadlines = undefined;
        throw error;
      } finally {
        undo?.drop();
      }
      for (const [index, [key, record, expiresAt]] of items.entries()) {
        const old = before[index]![1];
        if (record !== undefined) changed("set", key, expiresAt);
        else if (old !== undefined) changed(readHead(old).expiresAt > now ? "delete" : "expire", key);
      }
    },
    delete: remove,
    sweep,
    soonest() {
      let first = Infinity;
      for (const at of allDeadlines().values()) first = Math.min(first, at);
      return first;
    },
    note,
    forget: () => void (deadlines = undefined),
  };
}

/** Makes a record of an entry. */
export function itemOf(key: string, entry: Entry<Value>): Item {
  return [key, writeRecord(entry), entry.expiresAt];
}
