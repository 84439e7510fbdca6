import type { Awaitable, Call, Change } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import type { Cache, Noted, View } from "./cache.ts";
import { isActive } from "./active.ts";
import { describe, endingOf, isQuota, Refusal, type Failure } from "./failure.ts";
import { createHits } from "./hits.ts";
import { fewKeys, inPortions } from "./readMany.ts";
import { copyOf } from "./record.ts";

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
  /** Whether the page may be gone in a moment, so that it is committed by hand. */
  readonly isLast?: boolean;
  /**
   * Makes the requests; of a write, notes the changes. Awaits nothing but requests. Runs again, from the start, if the
   * transaction fails and is repeated.
   */
  run(entries: IDBObjectStore, changes: Noted[], view: View): R | Promise<R>;
}

/** A call that reads the record under one key, of which many can be read at once. */
export interface Get<R> extends Pick<Work<R>, "call"> {
  readonly key: string;
  found(record: unknown): R;
}

/** A call of either kind. */
interface Job extends Omit<Work<any>, "run">, Partial<Pick<Work<any>, "run">> {
  readonly found?: (record: any) => unknown;
  resolve(result: any): void;
  reject(error: unknown): void;
  /** The record that it reads. */
  record?: Promise<unknown> | undefined;
  result?: unknown;
  error?: unknown;
  changes?: Noted[];
}

/** Calls in program order. */
export interface Queue {
  add<R>(work: Work<R>): Promise<R>;
  get<R>(get: Get<R>): Awaitable<R>;
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
  readonly cache: Cache;
  tell(changes: readonly Change[]): void;
}

// So that one burst cannot keep other tabs waiting for long.
const maxBatch = 1000;
const maxBytes = 4_194_304;
// So many single reads may follow one another in one transaction, for which the writes of other tabs have to wait.
const maxReads = 200;

/**
 * Returns a queue in which the calls of one turn, and those that come while a write is under way, share a transaction. A
 * read that follows another goes to the same transaction, as long as that is active and no write waits for it.
 * Every call fails alone: when one takes the transaction down, nothing of it is written, and each is done again apart,
 * once. A write that met the quota is done again after expired entries have made room.
 */
export function createQueue({ open, begin, makeRoom, cache, tell }: QueueOptions): Queue {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;
  const jobs: Job[] = [];
  // The transaction of the last single reads, and how many more it may take.
  let reader: { readonly view: View; left: number } | undefined;
  const hits = createHits(cache);
  // How many calls there were.
  let calls = 0;
  let isBusy = false;
  let isClosed = false;
  let running = 0;
  let rest = (): void => {};

  function lost(): void {
    database?.close();
    database = reader = undefined;
    cache.lose();
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
  async function start(job: Job, view: View): Promise<void> {
    const { record } = job;
    job.error = job.record = undefined;
    job.changes = [];
    try {
      job.result = job.found ? job.found(await record) : await job.run!(view.entries, job.changes, view);
    } catch (error) {
      job.error = error;
    }
  }

  /** Asks for some records in the transaction of the reads before, and tells whether that was still active. */
  function follow(gets: readonly Job[]): boolean {
    if (!reader || reader.left < gets.length || !isActive(reader.view)) {
      reader = undefined;
      return false;
    }
    const { view } = reader;
    for (const job of gets) job.record = cache.get(view, job.key!);
    reader.left -= gets.length;
    return true;
  }

  /** Runs jobs that only read and answers each as soon as that is possible. */
  async function read(batch: readonly Job[]): Promise<void> {
    const gets = batch.filter(({ found }) => found);
    const isSingle = gets.length === batch.length && gets.length < fewKeys;
    let view: View;
    if (!isSingle || !follow(gets)) {
      view = cache.begin(await started("readonly"), false);
      hits.rely(view);
      if (isSingle) reader = { view, left: maxReads };
      if (gets.length >= fewKeys) {
        const given = cache.getMany(
          view,
          gets.map(({ key }) => key!),
        );
        for (const job of gets) job.record = given.then((give) => give(job.key!));
      } else for (const job of gets) job.record = cache.get(view, job.key!);
    }
    // Not committed by hand: Chromium lost large answers that way.
    await Promise.all(
      batch.map(async (job) => {
        await start(job, view);
        if (!job.error) job.resolve(job.result);
      }),
    );
  }

  /** Runs writes, and single reads among them. Resolves with the reason if the transaction is aborted. */
  async function write(batch: readonly Job[], leavesMark = true): Promise<Failure | undefined> {
    reader = undefined;
    const entries = await started("readwrite");
    const view = cache.begin(entries, leavesMark);
    hits.rely(view);
    const ending = endingOf(view, lost);
    if (batch.some(({ found, key }) => found && cache.has(key!))) await cache.verify(view).catch(() => {});
    const written = new Map<string, Noted>();
    for (const job of batch) {
      // In order: each sees what those before it wrote, and what is not of this transaction it need not wait for.
      const noted = job.write ? undefined : written.get(job.key!);
      if (!job.write) job.record = noted ? Promise.resolve(copyOf(noted.record)) : cache.get(view, job.key!);
      const done = start(job, view);
      if (!job.write && !noted) void done.then(() => job.error || job.resolve(job.result));
      // A single read has made its request.
      if (!job.write) continue;
      await done;
      for (const noted of job.changes!) written.set(noted.key, noted);
      if (!job.error || job.error instanceof Refusal) continue;
      // Nothing of it may stay.
      ending.abort(job.error);
      break;
    }
    // Not with several writes: Firefox would commit all but the one that the quota refuses.
    if (!ending.hasFailed() && !batch[1] && (batch[0]!.key ?? batch[0]!.isLast)) ending.commit();
    const failure = await ending.failure;
    if (!failure)
      cache.commit(
        view,
        batch.flatMap(({ changes }) => changes!),
      );
    return failure;
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
        for (const { type, key } of job.changes!) changes.push({ type, key });
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
      // Where nothing fits, nor does a mark. None is needed: who holds what has expired does not return it.
      if (await write([job], false).catch(() => true)) return;
      tell(job.changes!);
    } while (job.result);
  }

  /** Reads in portions of neighbours, so that a portion has few others in between. */
  async function readAll(batch: Job[]): Promise<void> {
    if (!batch[maxBatch]) return run(batch);
    batch.sort((a, b) => ((a.key ?? "") < (b.key ?? "") ? -1 : 1));
    await inPortions(batch, maxBatch, (portion) => run(portion));
  }

  /** Begins what is waiting once all have gone on that were answered together, so that they go together again. */
  async function calm(): Promise<void> {
    for (let seen = -1; seen !== calls;) {
      seen = calls;
      // So many as lie between an answer and the next call that is made on it.
      for (let turn = 0; turn < 8; turn++) await undefined;
    }
    flush();
  }

  function flush(): void {
    if (jobs.length && !database) {
      connect().then(flush, (error: unknown) => {
        for (const job of jobs) job.reject(describe(error));
        hits.settled(jobs.splice(0));
        flush();
      });
      return;
    }
    // What a write is to be followed by waits for it: if it is done again, that is still before what came after.
    while (jobs.length && !isBusy) {
      // What needs no request goes with the write that follows.
      const first = jobs.findIndex(({ found, key }) => !found || !cache.has(key!));
      const { write } = jobs[first < maxBatch ? Math.max(0, first) : 0]!;
      let bytes = 0;
      const end = jobs.findIndex((job, index) =>
        write
          ? !(job.write || job.found) || index === maxBatch || ((bytes += job.size ?? 0) > maxBytes && index > 0)
          : job.write,
      );
      const taken = jobs.splice(0, end < 0 ? Infinity : end);
      const batch = taken.filter(isWanted);
      if (!batch.length) {
        hits.settled(taken);
        continue;
      }
      isBusy = write || batch.length > maxBatch;
      const isWaitedFor = isBusy;
      running++;
      void (write ? run(batch) : readAll(batch)).then(() => {
        running--;
        hits.settled(taken);
        if (isWaitedFor) isBusy = false;
        return calm();
      });
    }
    if (!running && !jobs.length) rest();
  }

  function add<R>(work: Omit<Job, "resolve" | "reject">): Promise<R> {
    return new Promise((resolve, reject) => {
      if (isClosed) throw new StoreError("closed", "Store is closed");
      const job: Job = { ...work, resolve, reject };
      hits.begun(job);
      calls++;
      if (jobs.push(job) === 1) void calm();
    });
  }

  return {
    add,
    get({ key, call, found }) {
      if (!hits.has(key)) return add({ write: false, call, key, found });
      calls++;
      return found(cache.take(key));
    },
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
