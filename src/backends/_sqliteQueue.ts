import { isStoreError, quote, StoreError } from "../core/error.ts";
import { codeOf, sqliteCode, type Client } from "./_sqliteClient.ts";

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
  /** The key that an error names. */
  readonly key?: string;
  /** Of reading work: that it is more than one statement and has to see one state of the file. */
  readonly isLong?: boolean;
}

/** Does work on a client in the order in which it was asked for. */
export interface Queue {
  read<R>(work: (client: Client) => R, options?: WorkOptions): Promise<R>;
  /**
   * Does work that writes, in a transaction that it shares with what else waits, and resolves when that is committed.
   * Work that throws is undone, alone. It may run again, as its transaction may.
   */
  write<R>(work: (client: Client) => R, options?: WorkOptions): Promise<R>;
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
  committed(): void;
  /** Called outside a transaction when the medium is full. */
  makeRoom(client: Client): void;
}

interface Job extends WorkOptions {
  readonly isWrite: boolean;
  work(client: Client): unknown;
  resolve(result: any): void;
  reject(error: unknown): void;
  isRetried?: boolean;
}

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

  function enqueue<R>(isWrite: boolean, work: (client: Client) => R, options: WorkOptions = {}): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (isClosed) return reject(new StoreError("closed", "Store is closed: expected an open one"));
      jobs.push({ ...options, isWrite, work, resolve, reject });
      schedule();
    });
  }

  /** At the end of this tick, when its other calls are queued too; in the next turn if this one has taken long. */
  function schedule(): void {
    if (isScheduled) return;
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
      finish(group, attempt(client, group));
    } catch (error) {
      fail(client, group, error);
    }
    if (jobs.length) schedule();
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
      for (const { signal, work } of group) {
        results.push(signal?.aborted ? undefined : work(client));
        if (results.length % 32 === 0 && performance.now() - start > turnLength) break;
      }
      if (isWrite) parts.end(client);
      if (inTransaction) client.run("COMMIT");
    } catch (error) {
      if (inTransaction) rollBack(client);
      throw error;
    }
    return results;
  }

  function finish(group: readonly Job[], results: readonly unknown[]): void {
    busySince = undefined;
    limit *= 2;
    jobs.splice(0, results.length);
    for (const [index, result] of results.entries()) group[index]!.resolve(result);
    if (group[0]!.isWrite) parts.committed();
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
