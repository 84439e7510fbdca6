import type { Call, Change } from "../core/contract.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";

/** One call's work within a transaction that it may share with others. */
export interface Work<R> {
  readonly write: boolean;
  readonly call: Call;
  /** Comes to the same when it is done twice, so that it may be done again when nobody knows whether it was committed. */
  readonly isRepeatable?: boolean;
  /** What the call is about, for its error. */
  readonly key?: string;
  /**
   * Makes the requests; of a write, notes the changes. Awaits nothing but requests. Runs again, from the start, if the
   * transaction fails and is repeated.
   */
  run(entries: IDBObjectStore, changes: Change[]): R | Promise<R>;
}

interface Job extends Work<any> {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  result?: unknown;
  error?: unknown;
  changes?: Change[];
}

/** Why a transaction failed. `isUnknown`: it may have been committed all the same. */
interface Failure {
  readonly error: unknown;
  readonly isUnknown?: boolean;
}

/** Calls in program order. */
export interface Queue {
  add<R>(work: Work<R>): Promise<R>;
  /** Finishes what was added. */
  close(): Promise<void>;
}

/** Where a queue gets its transactions, and where its news go. */
export interface QueueOptions {
  /** Opens the database; kept while it succeeds. `lost` is to be called when the connection is gone. */
  open(lost: () => void): Promise<IDBDatabase>;
  begin(database: IDBDatabase, mode: IDBTransactionMode): IDBTransaction;
  /** What frees space when there is none: the work of one round, whose result is how many entries it removed. */
  readonly makeRoom: Work<number>;
  tell(changes: readonly Change[]): void;
}

/** An error that is the caller's own, or about what is stored: trying again would not help. */
export class Refusal {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

// So that one burst cannot keep other tabs waiting for long.
const maxBatch = 1000;

/**
 * Returns a queue in which the calls of one turn, and those that come while a write is under way, share a transaction.
 * Every call fails alone: when one takes the transaction down, nothing of it is written, and each is done again apart,
 * once. A write that met the quota is done again after expired entries have made room.
 */
export function createQueue({ open, begin, makeRoom, tell }: QueueOptions): Queue {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;
  const jobs: Job[] = [];
  let isWriting = false;
  let isClosed = false;
  let running = 0;
  let rest = (): void => {};

  function lost(): void {
    database?.close();
    database = undefined;
  }

  function connect(): Promise<void> {
    opening ??= open(lost)
      .then((opened) => void (database = opened))
      // A failure is not kept: the next call tries again.
      .finally(() => (opening = undefined));
    return opening;
  }

  /** Runs jobs in one transaction. Resolves with the reason if it is aborted; rejects if the database does not open. */
  async function transact(batch: readonly Job[], write: boolean): Promise<Failure | undefined> {
    const started = async (): Promise<IDBTransaction> => {
      if (!database) await connect();
      return begin(database!, write ? "readwrite" : "readonly");
    };
    const transaction = await started().catch(() => {
      // The browser is closing the connection and has not said so.
      lost();
      return started();
    });
    let cause: unknown;
    const ended = new Promise<Failure | undefined>((resolve) => {
      transaction.oncomplete = () => resolve(cause ? { error: cause } : undefined);
      // A quota met after `commit()` is told by Firefox's request alone: the transaction is aborted for no reason, or completes.
      transaction.onerror = ({ target }) => (cause ??= (target as IDBRequest).error);
      transaction.onabort = () => resolve({ error: isQuota(cause) ? cause : (transaction.error ?? cause) });
      // Chromium says nothing else of a transaction that it was committing. One writes at a time.
      if (!write) return;
      transaction.db.onclose = () => {
        lost();
        resolve({ error: "a closed connection", isUnknown: true });
      };
    });
    const start = async (job: Job): Promise<void> => {
      job.error = undefined;
      job.changes = [];
      try {
        job.result = await job.run(transaction.objectStore(transaction.objectStoreNames[0]!), job.changes);
        if (!write) job.resolve(job.result);
      } catch (error) {
        job.error = error;
        if (!write || error instanceof Refusal) return;
        // Nothing of it may stay.
        cause ??= error;
        try {
          transaction.abort();
        } catch {
          // It was down before.
        }
      }
    };
    if (write) {
      // In order: each sees what those before it wrote. What does not read does not wait.
      for (const job of batch) await start(job);
      // Not with several writes: Firefox would commit all but the one that the quota refuses.
      if (!cause && !batch[1] && batch[0]!.key) transaction.commit?.();
    } else {
      // Not committed by hand: Chromium lost large answers that way.
      await Promise.all(batch.map(start));
      return;
    }
    return ended;
  }

  async function run(batch: readonly Job[], isLast = false): Promise<void> {
    const { write } = batch[0]!;
    let aborted: Failure | undefined;
    try {
      aborted = await transact(batch, write);
    } catch (error) {
      for (const job of batch) job.reject(describe(error));
      return;
    }
    const again: Job[] = [];
    const changes: Change[] = [];
    for (const job of batch) {
      if (job.error instanceof Refusal) job.reject(job.error.error);
      else if (!aborted && !job.error) {
        changes.push(...job.changes!);
        job.resolve(job.result);
      } else if (isLast || (aborted?.isUnknown && !job.isRepeatable))
        job.reject(describe(aborted ? aborted.error : job.error, job.key));
      else again.push(job);
    }
    if (changes.length) tell(changes);
    // Also after the last try: Firefox lets the first transaction after a full one only delete.
    if (isQuota(aborted?.error)) await free();
    for (const job of again) await run([job], true);
  }

  async function free(): Promise<void> {
    let job: Job;
    do {
      job = { ...makeRoom, resolve() {}, reject() {} };
      if (await transact([job], true).catch(() => true)) return;
      tell(job.changes!);
    } while (job.result);
  }

  function flush(): void {
    if (jobs.length && !database) {
      connect().then(flush, (error: unknown) => {
        for (const job of jobs.splice(0)) job.reject(describe(error));
        flush();
      });
      return;
    }
    // What a write is to be followed by waits for it: if it is done again, that is still before what came after.
    while (jobs.length && !isWriting) {
      const { write } = jobs[0]!;
      const end = jobs.findIndex((job, index) => job.write !== write || index === maxBatch);
      const batch = jobs.splice(0, end < 0 ? Infinity : end).filter(isWanted);
      if (!batch.length) continue;
      isWriting = write;
      running++;
      void run(batch).then(() => {
        running--;
        if (write) isWriting = false;
        flush();
      });
    }
    if (!running && !jobs.length) rest();
  }

  return {
    add: (work) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw new StoreError("closed", "Store is closed");
        if (jobs.push({ ...work, resolve, reject }) === 1) queueMicrotask(flush);
      }),
    async close() {
      isClosed = true;
      if (running || jobs.length) await new Promise<void>((resolve) => (rest = resolve));
      lost();
    },
  };
}

function isWanted({ call: { signal }, reject }: Job): boolean {
  if (signal?.aborted) reject(signal.reason);
  return !signal?.aborted;
}

// Its class differs from engine to engine, its name does not.
function isQuota(error: unknown): boolean {
  return (error as DOMException | undefined)?.name === "QuotaExceededError";
}

function describe(cause: unknown, key?: string): StoreError {
  if (isStoreError(cause)) return cause;
  const about = key === undefined ? "entries" : `key ${quote(key)}`;
  return isQuota(cause)
    ? new StoreError("quota-exceeded", `Cannot store ${about}: expected room in the origin's quota`, { key, cause })
    : new StoreError("unavailable", `Cannot reach ${about}: expected IndexedDB to answer, got ${cause}`, {
        key,
        cause,
      });
}
