import type { Entry } from "../../core/contract.ts";
import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { codeOf, sqliteCode, type Client } from "./client.ts";

// How long the loop of events is held up at most, and a lock on the file kept: ms.
const turnLength = 10;
// How long another process's lock is waited for before a call gives up: ms.
const patience = 5000;

const waiting: readonly (number | undefined)[] = [sqliteCode.busy, sqliteCode.locked, sqliteCode.protocol];
const broken: readonly (number | undefined)[] = [
  sqliteCode.ioError,
  sqliteCode.corrupt,
  sqliteCode.cantOpen,
  sqliteCode.notADatabase,
];

/** What a piece of work says about itself. */
export interface WorkOptions {
  /** When aborted, the work is left undone if it has not begun. */
  readonly signal?: AbortSignal | undefined;
  /** The key that an error names, and that the work is given. */
  readonly key?: string | undefined;
  /** Of reading work: that it is more than one statement and has to see one state of the file. */
  readonly isLong?: boolean | undefined;
}

/** A piece of work, which is given the key of its options. */
export type Work<R> = (client: Client, key: string) => R;

/** An entry and the key that it is written under. */
export type Item = readonly [key: string, entry: Entry];

/** Does work on a client in the order in which it was asked for. */
export interface Queue {
  read<R>(work: Work<R>, options?: WorkOptions): Promise<R>;
  /**
   * Does work that writes, in a transaction that it shares with what else waits, and resolves when that is committed.
   * Work that throws is undone, alone. It may run again, as its transaction may.
   */
  write<R>(work: Work<R>, options?: WorkOptions): Promise<R>;
  /** The same for the work of most calls: those which stand side by side are done in fewer statements. */
  put(item: Item, signal: AbortSignal | undefined): Promise<void>;
  /** The client, while there is one and nothing else runs on it. */
  client(): Client | undefined;
  /** Finishes what was asked for and closes the client. */
  close(): Promise<void>;
}

/** What a queue needs of others. */
export interface QueueParts {
  readonly path: string;
  /** Called when there is work and no client. */
  open(): Promise<Client>;
  /** Called first and last in every transaction that writes. */
  begin(client: Client): void;
  end(client: Client): void;
  committed(client: Client): void;
  /** Called with what is put. */
  put(client: Client, items: readonly Item[]): void;
  /** Called outside a transaction when the medium is full. */
  makeRoom(client: Client): void;
}

// All of one shape, and made without a copy: ten thousand in one tick are not rare.
interface Job {
  readonly isWrite: boolean;
  readonly isLong: boolean | undefined;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly work: Work<unknown> | Item;
  readonly resolve: (result: any) => void;
  readonly reject: (error: unknown) => void;
  isRetried: boolean;
}

const noOptions: WorkOptions = {};

/** Returns a queue that groups what is asked for in one go. */
export function createQueue(parts: QueueParts): Queue {
  let jobs: Job[] = [];
  let client: Client | undefined;
  let isScheduled = false;
  let isClosed = false;
  let turnStart: number | undefined;
  let busySince: number | undefined;
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

  /** At the end of this tick, when its other calls are queued too; in the next turn if this one has taken long. */
  function schedule(): void {
    isScheduled = true;
    const now = performance.now();
    if (turnStart === undefined) {
      turnStart = now;
      nextTurn(() => (turnStart = undefined));
    }
    if (now - turnStart < turnLength) queueMicrotask(pump);
    else nextTurn(pump);
  }

  function pump(): void {
    isScheduled = false;
    if (!jobs.length) return;
    if (!client) return connect();
    const group = nextGroup();
    try {
      finish(client, group, attempt(client, group));
    } catch (error) {
      fail(client, group, error);
    }
    if (jobs.length && !isScheduled) schedule();
  }

  function connect(): void {
    isScheduled = true;
    parts.open().then(
      (opened) => {
        client = opened;
        pump();
      },
      (error: unknown) => {
        isScheduled = false;
        for (const job of jobs.splice(0)) job.reject(error);
      },
    );
  }

  /** What can be done together. Reading that nobody has to write before waits for no lock. */
  function nextGroup(): Job[] {
    const firstWrite = jobs.findIndex((job) => job.isWrite);
    return jobs.slice(0, Math.min(limit, firstWrite > 0 ? firstWrite : jobs.length));
  }

  /** Does work up to the length of a turn, and returns the results of what was done. */
  function attempt(client: Client, group: readonly Job[]): unknown[] {
    const results: unknown[] = [];
    const { isWrite, isLong } = group[0]!;
    const inTransaction = isWrite || isLong || group.length > 1;
    const start = performance.now();
    if (inTransaction) client.run(isWrite ? "BEGIN IMMEDIATE" : "BEGIN");
    try {
      if (isWrite) parts.begin(client);
      while (results.length < group.length) {
        // Looked at now and then: the time is not for nothing.
        const end = Math.min(results.length + 32, group.length);
        while (results.length < end) doNext(client, group, results, end);
        if (performance.now() - start > turnLength) break;
      }
      if (isWrite) parts.end(client);
      if (inTransaction) client.run("COMMIT");
    } catch (error) {
      if (inTransaction) rollBack(client);
      throw error;
    }
    return results;
  }

  /** Does the next piece of work, or all that is put next, up to an end. */
  function doNext(client: Client, group: readonly Job[], results: unknown[], end: number): void {
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
    parts.put(client, items);
    for (const _ of items) results.push(undefined);
  }

  function finish(client: Client, group: readonly Job[], results: readonly unknown[]): void {
    busySince = undefined;
    limit *= 2;
    jobs.splice(0, results.length);
    for (let index = 0; index < results.length; index++) group[index]!.resolve(results[index]);
    if (group[0]!.isWrite) parts.committed(client);
  }

  function fail(client: Client, group: readonly Job[], error: unknown): void {
    const code = codeOf(error);
    if (waiting.includes(code)) return wait(group, error);
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
        // The second attempt will tell.
      }
      return;
    }
    jobs.shift();
    job.reject(describe(error, job.key));
    if (broken.includes(code)) drop();
  }

  /** Tries again in a while. In the end what writes is refused; what only reads can go on without the lock. */
  function wait(group: readonly Job[], error: unknown): void {
    const now = performance.now();
    busySince ??= now;
    if (now - busySince < patience) {
      isScheduled = true;
      setTimeout(pump, 1 + Math.random() * 10);
      return;
    }
    busySince = undefined;
    const isRefused = (job: Job): boolean => job.isWrite || !group[0]!.isWrite;
    jobs = [...group.filter((job) => !isRefused(job)), ...jobs.slice(group.length)];
    for (const job of group.filter(isRefused)) job.reject(describe(error, job.key));
  }

  function describe(error: unknown, key: string | undefined): unknown {
    if (isStoreError(error)) return error;
    const code = codeOf(error);
    const got = quote(error instanceof Error ? error.message : error);
    if (code === sqliteCode.full || code === sqliteCode.tooBig) {
      const what = key === undefined ? "" : ` key ${quote(key)}`;
      const message = `Cannot store${what} in ${quote(parts.path)}: expected room for it, got ${got}`;
      return new StoreError("quota-exceeded", message, { key, cause: error });
    }
    const expected = waiting.includes(code) ? `a lock on it within ${patience} ms` : "a sound file";
    const message = `Cannot use ${quote(parts.path)}: expected ${expected}, got ${got}`;
    return new StoreError("unavailable", message, { key, cause: error });
  }

  /** Lets go of a client that may be of no more use: the next call opens another. What is in memory would be lost. */
  function drop(): void {
    if (parts.path === ":memory:") return;
    const dropped = client;
    client = undefined;
    try {
      dropped?.close();
    } catch {
      // It is gone either way.
    }
  }

  return {
    read: (work, options) => enqueue(false, work, options),
    write: (work, options) => enqueue(true, work, options),
    put: (item, signal) => enqueue(true, item, { key: item[0], signal }),
    client: () => client,
    async close() {
      while (client || jobs.length) {
        await enqueue(false, () => {}).catch(() => {});
        // What is under way asks for its next piece of work when the last is done, so at the latest in this turn.
        await new Promise<void>(nextTurn);
        if (!jobs.length) break;
      }
      isClosed = true;
      client?.close();
      client = undefined;
    },
  };
}

function rollBack(client: Client): void {
  try {
    client.run("ROLLBACK");
  } catch {
    // SQLite has done so itself.
  }
}

/** Does something when the events that wait have had their turn. */
function nextTurn(task: () => void): void {
  // Where there is no such function, there is no SQLite either, which has yet to be said.
  if (typeof setImmediate === "function") setImmediate(task);
  else setTimeout(task);
}
