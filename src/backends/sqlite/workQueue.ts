import { StoreError } from "../../core/error.ts";
import type { Client } from "./client.ts";
import { createConnection } from "./connection.ts";
import { callError } from "./error.ts";
import type { Item, Job, Work, WorkOptions } from "./job.ts";
import { createLockWait } from "./lockWait.ts";
import { isBroken, isBusy, resultCodeOf, sqliteCode } from "./resultCode.ts";
import { createTimeSlice, nextTurn } from "./timeSlice.ts";
import { runTransaction, type TransactionHooks } from "./transaction.ts";

/** Does work on a client in the order in which it was asked for. */
export interface WorkQueue {
  read<R>(work: Work<R>, options?: WorkOptions): Promise<R>;
  /**
   * Does work that writes, in a transaction that it shares with what else waits, and resolves when that is committed.
   * Work that throws is undone, alone. It may run again, as its transaction may.
   */
  write<R>(work: Work<R>, options?: WorkOptions): Promise<R>;
  /** The same for the work of most calls: those which stand side by side are done in fewer statements. */
  put(item: Item, signal: AbortSignal | undefined): Promise<void>;
  /** The client, while there is one whose file is in its place, and nothing else runs on it. */
  client(): Client | undefined;
  /** Finishes what was asked for and closes the client. */
  close(): Promise<void>;
}

/** What a work queue needs of others. */
export interface WorkQueueParts extends TransactionHooks {
  readonly path: string;
  /** Called when there is work and no client. */
  open(): Promise<Client>;
  /** Called outside a transaction when the medium is full. */
  makeRoom(client: Client): void;
}

const noOptions: WorkOptions = {};

/** Returns a queue that groups what is asked for in one go. */
export function createWorkQueue(parts: WorkQueueParts): WorkQueue {
  const { path } = parts;
  const connection = createConnection(path, parts.open);
  const slice = createTimeSlice();
  const lock = createLockWait();
  let jobs: Job[] = [];
  let isScheduled = false;
  let isClosed = false;
  // How many share a transaction at most: less after a failure, until the work that fails stands alone.
  let limit = Infinity;

  function enqueue<R>(
    isWrite: boolean,
    work: Work<R> | Item,
    { isLong, key, signal }: WorkOptions = noOptions,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (isClosed) return reject(new StoreError("closed", "Store is closed: expected an open one"));
      jobs.push({ isWrite, isLong, key, signal, work, resolve, reject, isRetried: false });
      if (!isScheduled) schedule();
    });
  }

  /** At the end of this tick, when its other calls are queued too. */
  function schedule(): void {
    isScheduled = true;
    slice.schedule(pump);
  }

  function pump(): void {
    isScheduled = false;
    if (!jobs.length) return;
    const client = connection.client();
    if (!client) return connect();
    const group = nextGroup();
    try {
      finish(client, group, runTransaction(client, group, parts));
    } catch (error) {
      fail(client, group, error);
    }
    if (jobs.length && !isScheduled) schedule();
  }

  function connect(): void {
    isScheduled = true;
    connection.open().then(pump, (error: unknown) => {
      isScheduled = false;
      for (const job of jobs.splice(0)) job.reject(error);
    });
  }

  /** What can be done together. Reading that nobody has to write before waits for no lock. */
  function nextGroup(): Job[] {
    const firstWrite = jobs.findIndex((job) => job.isWrite);
    return jobs.slice(0, Math.min(limit, firstWrite > 0 ? firstWrite : jobs.length));
  }

  function finish(client: Client, group: readonly Job[], results: readonly unknown[]): void {
    lock.end();
    limit *= 2;
    jobs.splice(0, results.length);
    for (let index = 0; index < results.length; index++) group[index]!.resolve(results[index]);
    if (group[0]!.isWrite) parts.committed(client);
  }

  /** Sorts out what has failed, so that the next group is another or may do better. */
  function fail(client: Client, group: readonly Job[], error: unknown): void {
    const code = resultCodeOf(error);
    if (isBusy(code)) {
      if (lock.retry(pump)) isScheduled = true;
      else giveUp(group, error);
      return;
    }
    if (group.length > 1) {
      limit = group.length >> 1;
      return;
    }
    const job = group[0]!;
    if (code === sqliteCode.full && !job.isRetried) {
      job.isRetried = true;
      try {
        parts.makeRoom(client);
      } catch {
        // The second attempt fails the same way.
      }
      return;
    }
    jobs.shift();
    job.reject(callError(error, path, job.key));
    if (isBroken(code)) connection.drop();
  }

  /** No lock in all that time: what writes is refused; what only reads can go on without it. */
  function giveUp(group: readonly Job[], error: unknown): void {
    const isRefused = (job: Job): boolean => job.isWrite || !group[0]!.isWrite;
    jobs = [...group.filter((job) => !isRefused(job)), ...jobs.slice(group.length)];
    for (const job of group.filter(isRefused)) job.reject(callError(error, path, job.key));
  }

  return {
    read: (work, options) => enqueue(false, work, options),
    write: (work, options) => enqueue(true, work, options),
    put: (item, signal) => enqueue(true, item, { key: item[0], signal }),
    client: connection.client,
    async close() {
      while (connection.client() || jobs.length) {
        await enqueue(false, () => {}).catch(() => {});
        // What is under way asks for its next piece of work when the last is done, so at the latest in this turn.
        await new Promise<void>(nextTurn);
        if (!jobs.length) break;
      }
      isClosed = true;
      connection.close();
    },
  };
}
