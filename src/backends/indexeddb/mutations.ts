import { applyChosen } from "../../core/applyChosen.ts";
import type { Call, Entry, ManyDecision } from "../../core/contract.ts";
import { Refusal } from "./failure.ts";
import { findExpired } from "./listing.ts";
import type { Cache } from "./cache.ts";
import { ask } from "./readMany.ts";
import { deadlineOf, toEntry, type Stored } from "./record.ts";
import type { Mutation } from "./snapshot.ts";
import type { Work } from "./work.ts";

// One round of a sweep: so many that it is fast, so few that other tabs are not kept waiting.
export const sweepSize = 500;

/** Writes a record. */
export function put(entries: IDBObjectStore, changes: Mutation[], key: string, { value, expiresAt }: Entry): void {
  // Without a deadline the record is not in the index, and costs it nothing.
  const record: Stored = expiresAt === Infinity ? { v: value } : { v: value, e: expiresAt };
  entries.put(record, key);
  changes.push({ type: "set", key, record });
}

/** Removes a record that was read in this transaction, and returns whether it was a live one. */
export function remove(
  entries: IDBObjectStore,
  changes: Mutation[],
  key: string,
  stored: Stored | null | undefined,
  { now }: Call,
): boolean {
  if (stored === undefined) return false;
  const isLive = deadlineOf(stored) > now();
  entries.delete(key);
  changes.push({ type: isLive ? "delete" : "expire", key });
  return isLive;
}

/** Reads records, has it decided what becomes of them, and writes that. */
export function mutationOf(
  cache: Pick<Cache, "getMany">,
  keys: readonly string[],
  decide: ManyDecision,
  call: Call,
): Work<void> {
  return {
    write: true,
    call,
    async run(entries, changes, snapshot) {
      const give = await cache.getMany(snapshot, keys);
      const found = keys.map((key) => toEntry(key, give(key)));
      let chosen: ReturnType<ManyDecision>;
      try {
        chosen = decide(found);
      } catch (error) {
        throw new Refusal(error);
      }
      applyChosen(
        keys,
        chosen,
        (key, entry) => put(entries, changes, key, entry),
        (key) => remove(entries, changes, key, give(key) as Stored | undefined, call),
      );
    },
  };
}

/** One round of a sweep: finds by the index what has expired, of what begins with a prefix, and removes it. */
export function sweepWork(call: Call, prefix = ""): Work<number> {
  return {
    write: true,
    call,
    async run(entries, changes) {
      // What is not meant stays in the index, before what is.
      const expired = await ask(findExpired(entries, call.now(), prefix ? undefined : sweepSize));
      const keys = expired.filter((key) => key.startsWith(prefix)).slice(0, sweepSize);
      for (const key of keys) {
        entries.delete(key);
        changes.push({ type: "expire", key });
      }
      return keys.length;
    },
  };
}
