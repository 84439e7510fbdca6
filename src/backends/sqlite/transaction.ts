import type { Client } from "./client.ts";
import type { Item, Job } from "./job.ts";
import { sliceLength } from "./timeSlice.ts";

/** What takes part in every transaction that writes. */
export interface TransactionHooks {
  /** Called first and last in it. */
  begin(client: Client): void;
  end(client: Client): void;
  /** Called once it is committed. */
  committed(client: Client): void;
  /** Called with what is put. */
  put(client: Client, items: readonly Item[]): void;
}

/**
 * Does the work of a group, up to the length of a time slice, and returns the results of what was done: all of it or, when
 * it throws, nothing. A group that begins with a write shares one transaction.
 */
export function runTransaction(client: Client, group: readonly Job[], hooks: TransactionHooks): unknown[] {
  const results: unknown[] = [];
  const { isWrite, isLong } = group[0]!;
  const inTransaction = isWrite || isLong || group.length > 1;
  const start = performance.now();
  if (inTransaction) client.run(isWrite ? "BEGIN IMMEDIATE" : "BEGIN");
  try {
    if (isWrite) hooks.begin(client);
    while (results.length < group.length) {
      // Looked at now and then: the time is not for nothing.
      const end = Math.min(results.length + 32, group.length);
      while (results.length < end) runNext(client, group, results, end, hooks);
      if (performance.now() - start > sliceLength) break;
    }
    if (isWrite) hooks.end(client);
    if (inTransaction) client.run("COMMIT");
  } catch (error) {
    if (inTransaction) rollBack(client);
    throw error;
  }
  return results;
}

/** Does the next piece of work, or all that is put next, up to an end. */
function runNext(
  client: Client,
  group: readonly Job[],
  results: unknown[],
  end: number,
  { put }: TransactionHooks,
): void {
  const first = results.length;
  const { signal, work, key } = group[first]!;
  if (signal?.aborted) return void results.push(undefined);
  if (typeof work === "function") return void results.push(work(client, key!));
  const items: Item[] = [];
  for (let index = first; index < end; index++) {
    const job = group[index]!;
    if (typeof job.work === "function" || job.signal?.aborted) break;
    items.push(job.work);
  }
  put(client, items);
  for (const _ of items) results.push(undefined);
}

function rollBack(client: Client): void {
  try {
    client.run("ROLLBACK");
  } catch {
    // SQLite has done so itself.
  }
}
