import { createHeldRecords } from "./held.ts";
import { createMarks, type Marks } from "./marks.ts";
import { ask, readMany } from "./readMany.ts";
import { copyOf } from "./record.ts";
import type { Mutation, Snapshot } from "./snapshot.ts";

/**
 * What was read or written lately. What is held counts only within a transaction that found the mark under which it is held:
 * so it is what the database itself would answer, whoever wrote meanwhile.
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

/** Returns a cache that takes at most so many bytes; none for 0. */
export function createCache(maxBytes: number): Cache {
  const held = createHeldRecords(maxBytes);
  const { has, take } = held;
  const marks = createMarks(held.clear);
  let isAsked = false;

  /** Forgets what was held under another mark than a transaction finds. */
  function verify(snapshot: Snapshot): void {
    if (maxBytes) marks.verify(snapshot);
  }

  /** Holds what a transaction found, unless another has found a newer state meanwhile. */
  function keep(snapshot: Snapshot, key: string, record: unknown): void {
    if (marks.isCurrent(snapshot)) held.set(key, record);
  }

  function get(snapshot: Snapshot, key: string): Promise<unknown> {
    // The first value of all is not held: asking for the mark, too, would make it later.
    if (isAsked || held.size()) verify(snapshot);
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
        if (record) held.set(key, record);
        else held.delete(key);
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
        if (has(key)) found.set(key, take(key));
        else missing.push(key);
      }
      for (const [key, record] of await readMany(snapshot.entries, missing)) found.set(key, record);
      for (const key of missing) keep(snapshot, key, found.get(key));
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
      held.clear();
      marks.lose();
    },
  };
}
