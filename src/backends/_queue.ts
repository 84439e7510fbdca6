import type { Call, Change } from "../core/contract.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import { ask, givingOut, readMany } from "./_readMany.ts";

/** One call's work within a transaction that it may share with others. */
export interface Work<R> {
  readonly write: boolean;
  readonly call: Call;
  /** Comes to the same when it is done twice, so that it may be done again when nobody knows whether it was committed. */
  readonly isRepeatable?: boolean;
  /** What the call is about, for its error. */
  readonly key?: string;
  /** How many bytes it writes. */
  readonly size?: number;
  /**
   * Makes the requests; of a write, notes the changes. Awaits nothing but requests. Runs again, from the start, if the
   * transaction fails and is repeated.
   */
  run(entries: IDBObjectStore, changes: Change[]): R | Promise<R>;
}

/** A call that reads the record under one key, of which many can be read at once. */
export interface Get<R> extends Pick<Work<R>, "call"> {
  readonly key: string;
  found(record: unknown): R;
}

interface Job extends Work<any> {
  readonly found?: (record: any) => unknown;
  resolve(result: any): void;
  reject(error: unknown): void;
  /** The record that it is about, where it has been asked for already. */
  record?: Promise<unknown> | undefined;
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
  get<R>(get: Get<R>): Promise<R>;
  /** Finishes what was added. */
  close(): Promise<void>;
}

/** Where a queue gets its transactions, and where its news go. */
export interface QueueOptions {
  /** Opens the database; kept while it succeeds. `lost` is to be called when the connection is gone. */
  open(lost: () => void): Promise<IDBDatabase>;
  begin(database: IDBDatabase, mode: IDBTransactionMode): IDBObjectStore;
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
const maxBytes = 4 << 20;
// So many single reads may follow one another in one transaction, for which the writes of other tabs have to wait.
const maxReads = 200;
// So many at once are not handed to a transaction that is there, but read together.
const many = 16;

/**
 * Returns a queue in which the calls of one turn, and those that come while a write is under way, share a transaction. A
 * read that follows another goes to the same transaction, as long as that is active and no write waits for it.
 * Every call fails alone: when one takes the transaction down, nothing of it is written, and each is done again apart,
 * once. A write that met the quota is done again after expired entries have made room.
 */
export function createQueue({ open, begin, makeRoom, tell }: QueueOptions): Queue {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;
  const jobs: Job[] = [];
  // The transaction of the last single reads, and how many more it may take.
  let reader: { readonly entries: IDBObjectStore; left: number } | undefined;
  let isBusy = false;
  let isClosed = false;
  let running = 0;
  let rest = (): void => {};

  function lost(): void {
    database?.close();
    database = reader = undefined;
  }

  function connect(): Promise<void> {
    opening ??= open(lost)
      .then((opened) => void (database = opened))
      // A failure is not kept: the next call tries again.
      .finally(() => (opening = undefined));
    return opening;
  }

  function started(mode: IDBTransactionMode): IDBObjectStore | Promise<IDBObjectStore> {
    try {
      return begin(database!, mode);
    } catch {
      // There is no connection, or the browser is closing it and has not said so.
      lost();
      return connect().then(() => begin(database!, mode));
    }
  }

  /** Makes a job's requests and waits for what comes of them. */
  async function start(job: Job, entries: IDBObjectStore): Promise<void> {
    const { record } = job;
    job.error = job.record = undefined;
    job.changes = [];
    try {
      job.result = record ? job.found!(await record) : await job.run(entries, job.changes);
    } catch (error) {
      job.error = error;
    }
  }

  /** Asks for some records in the transaction of the reads before, and tells whether that was still active. */
  function follow(gets: readonly Job[]): boolean {
    if (!reader || reader.left < gets.length) return false;
    try {
      for (const job of gets) job.record = ask(reader.entries.get(job.key!));
      reader.left -= gets.length;
      return true;
    } catch {
      reader = undefined;
      return false;
    }
  }

  /** Runs jobs that only read and answers each as soon as that is possible. */
  async function read(batch: readonly Job[]): Promise<void> {
    const gets = batch.filter(({ found }) => found);
    const isSingle = gets.length === batch.length && gets.length < many;
    let entries: IDBObjectStore;
    if (!isSingle || !follow(gets)) {
      entries = await started("readonly");
      if (isSingle) reader = { entries, left: maxReads };
      if (gets.length >= many) {
        const records = readMany(
          entries,
          gets.map(({ key }) => key!),
        );
        const given = records.then(givingOut);
        for (const job of gets) job.record = given.then((give) => give(job.key!));
      }
    }
    // Not committed by hand: Chromium lost large answers that way.
    await Promise.all(
      batch.map(async (job) => {
        await start(job, entries);
        if (!job.error) job.resolve(job.result);
      }),
    );
  }

  /** Runs writes, and single reads among them. Resolves with the reason if the transaction is aborted. */
  async function write(batch: readonly Job[]): Promise<Failure | undefined> {
    reader = undefined;
    const entries = await started("readwrite");
    const { transaction } = entries;
    let cause: unknown;
    const ended = new Promise<Failure | undefined>((resolve) => {
      transaction.oncomplete = () => resolve(cause ? { error: cause } : undefined);
      // A quota met after `commit()` is told by Firefox's request alone: the transaction is aborted for no reason, or completes.
      transaction.onerror = ({ target }) => (cause ??= (target as IDBRequest).error);
      transaction.onabort = () => resolve({ error: isQuota(cause) ? cause : (transaction.error ?? cause) });
      // Chromium says nothing else of a transaction that it was committing. One writes at a time.
      transaction.db.onclose = () => {
        lost();
        resolve({ error: "a closed connection", isUnknown: true });
      };
    });
    for (const job of batch) {
      const done = start(job, entries);
      // In order: each sees what those before it wrote. A single read has made its request.
      if (!job.write) continue;
      await done;
      if (!job.error || job.error instanceof Refusal) continue;
      // Nothing of it may stay.
      cause ??= job.error;
      try {
        transaction.abort();
      } catch {
        // It was down before.
      }
      break;
    }
    // Not with several writes: Firefox would commit all but the one that the quota refuses.
    if (!cause && !batch[1] && batch[0]!.key) transaction.commit?.();
    return ended;
  }

  async function run(batch: readonly Job[], isLast = false): Promise<void> {
    let aborted: Failure | undefined | void;
    try {
      aborted = await (batch.some((job) => job.write) ? write : read)(batch);
    } catch (error) {
      for (const job of batch) job.reject(describe(error));
      return;
    }
    const again: Job[] = [];
    const changes: Change[] = [];
    for (const job of batch) {
      if (job.error instanceof Refusal) job.reject(job.error.error);
      else if (!aborted && !job.error) {
        for (const change of job.changes!) changes.push(change);
        job.resolve(job.result);
      } else if (isLast || (aborted?.isUnknown && job.write && !job.isRepeatable))
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
      if (await write([job]).catch(() => true)) return;
      tell(job.changes!);
    } while (job.result);
  }

  /** Reads in portions of neighbours, so that a portion has few others in between. */
  async function readAll(batch: Job[]): Promise<void> {
    if (batch[maxBatch]) batch.sort((a, b) => ((a.key ?? "") < (b.key ?? "") ? -1 : 1));
    for (let at = 0; at < batch.length; at += maxBatch) await run(batch.slice(at, at + maxBatch));
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
    while (jobs.length && !isBusy) {
      const { write } = jobs[0]!;
      let bytes = 0;
      const end = jobs.findIndex((job, index) =>
        write
          ? !(job.write || job.found) || index === maxBatch || ((bytes += job.size ?? 0) > maxBytes && index > 0)
          : job.write,
      );
      const batch = jobs.splice(0, end < 0 ? Infinity : end).filter(isWanted);
      if (!batch.length) continue;
      isBusy = write || batch.length > maxBatch;
      const isWaitedFor = isBusy;
      running++;
      void (write ? run(batch) : readAll(batch)).then(() => {
        running--;
        if (isWaitedFor) isBusy = false;
        flush();
      });
    }
    if (!running && !jobs.length) rest();
  }

  function add<R>(work: Work<R> & Partial<Job>): Promise<R> {
    return new Promise((resolve, reject) => {
      if (isClosed) throw new StoreError("closed", "Store is closed");
      if (jobs.push({ ...work, resolve, reject }) === 1) queueMicrotask(flush);
    });
  }

  return {
    add,
    get: ({ key, call, found }) =>
      add({ write: false, call, key, found, run: async (entries) => found(await ask(entries.get(key))) }),
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
