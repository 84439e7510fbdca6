import { cost, createSieve, type Sieved } from "../../core/sieve.ts";
import { createMarks, type Marks } from "./marks.ts";
import { ask, readMany } from "./readMany.ts";
import { copyOf, isWhole, type Stored } from "./record.ts";
import type { Mutation, Snapshot } from "./snapshot.ts";

/**
 * What was read or written lately. What is held counts only within a transaction that found the mark under which it is held:
 * so it is what the database itself would answer, whichever context wrote meanwhile.
 */
export interface Cache extends Pick<Marks, "begin" | "lose"> {
  /** Takes note of what a transaction changed that is committed. */
  commit(snapshot: Snapshot, mutations: readonly Mutation[]): void;
  has(key: string): boolean;
  /** Returns a record that is held, the caller's own. */
  take(key: string): unknown;
  /** Reads a record, which is the caller's own. */
  get(snapshot: Snapshot, key: string): Promise<unknown>;
  /** Reads records, and returns how to get at them by their keys: each time the caller's own. */
  getMany(snapshot: Snapshot, keys: readonly string[]): Promise<(key: string) => unknown>;
}

interface Slot extends Sieved {
  /** `undefined` where there is none. */
  readonly record: Stored | undefined;
  readonly size: number;
}

// About what holding a record takes besides its bytes and its key.
const overhead = 100;
// No single one takes more than so small a part of the room: reading a large value gains little.
const parts = 64;

/** Returns a cache that takes at most so many bytes; none for 0. */
export function createCache(maxBytes: number): Cache {
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  let bytes = 0;
  const marks = createMarks(clear);
  let isAsked = false;

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
    // A damaged one is for the database to report.
    if (record !== undefined && !isWhole(record)) return;
    const size = overhead + cost(key, record?.v ?? "");
    if (size > maxBytes / parts) return;
    slots.set(key, { record: copyOf(record), size, isUsed: false });
    for (bytes += size; bytes > maxBytes;) forget(pick(key));
  }

  const has = (key: string): boolean => slots.has(key);

  function take(key: string): Stored | undefined {
    const slot = slots.get(key)!;
    slot.isUsed = true;
    return copyOf(slot.record);
  }

  /** Forgets what was held under another mark than a transaction finds. */
  function verify(snapshot: Snapshot): void {
    if (maxBytes) marks.verify(snapshot);
  }

  /** Holds what a transaction found, unless another has found a newer state meanwhile. */
  function keep(snapshot: Snapshot, key: string, record: unknown): void {
    if (marks.isCurrent(snapshot)) hold(key, record);
  }

  function get(snapshot: Snapshot, key: string): Promise<unknown> {
    // The first value of all is not held: asking for the mark, too, would make it later.
    if (isAsked || slots.size) verify(snapshot);
    isAsked = true;
    if (has(key)) {
      return snapshot.mark === undefined
        ? snapshot.verified!.then(() => get(snapshot, key))
        : Promise.resolve(take(key));
    }
    return ask(snapshot.entries.get(key), snapshot).then((record) => {
      keep(snapshot, key, record);
      return record;
    });
  }

  return {
    begin: marks.begin,
    commit(snapshot, mutations) {
      if (!marks.commit(snapshot)) return;
      for (const { key, record } of mutations) {
        if (record) hold(key, record);
        else forget(key);
      }
    },
    has,
    take,
    get,
    async getMany(snapshot, keys) {
      verify(snapshot);
      if (keys.some(has)) await snapshot.verified;
      const found = new Map<string, unknown>();
      const missing: string[] = [];
      for (const key of keys) {
        // What was written before in the same transaction counts, and is held when that is committed.
        const mutation = snapshot.written.get(key);
        if (mutation) found.set(key, copyOf(mutation.record));
        else if (has(key)) found.set(key, take(key));
        else missing.push(key);
      }
      const read = await readMany(snapshot.entries, missing);
      for (const key of missing) {
        found.set(key, read.get(key));
        keep(snapshot, key, read.get(key));
      }
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
      marks.lose();
    },
  };
}
