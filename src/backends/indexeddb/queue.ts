import type { Awaitable, Call } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { createBatches, type MakeRoom } from "./batches.ts";
import type { Cache } from "./cache.ts";
import type { Changes } from "./changes.ts";
import type { Connect } from "./connection.ts";
import { toStoreError } from "./failure.ts";
import { createHits } from "./hits.ts";
import { createReader } from "./reader.ts";
import { readLast } from "./marks.ts";
import { inPortions } from "./readMany.ts";
import { isWanted, type Job, type Work } from "./work.ts";
import { createWriter } from "./writer.ts";

/** Calls in program order. */
export interface TransactionQueue {
  add<R>(work: Work<R>): Promise<R>;
  /** Reads the record under a key, and returns what `found` makes of it. */
  get<R>(key: string, call: Call, found: (record: unknown) => R): Awaitable<R>;
  /** Reads the last mark as of now, or begins to open the database. */
  lastMark(): Promise<number> | undefined;
  /** Opens the database if it is not open, to learn when its connection is lost. */
  connect(): void;
  /** Finishes what was added. */
  close(): Promise<void>;
}

// So that one burst cannot keep other tabs waiting for long.
const maxBatch = 1000;
const maxBytes = 4_194_304;

/**
 * Returns a queue in which the calls of one turn, and those that come while a write is under way, share a transaction. A
 * read that follows another goes to the same transaction, as long as that is active and no write waits for it.
 */
export function createTransactionQueue(
  cache: Cache,
  connect: Connect,
  makeRoom: MakeRoom,
  changes: Pick<Changes, "report" | "resync">,
): TransactionQueue {
  const hits = createHits(cache);
  const connection = connect(() => {
    reader.end();
    cache.lose();
    changes.resync();
  });
  const reader = createReader(connection, cache, hits);
  const run = createBatches(reader.read, createWriter(connection, cache, hits, reader, changes.report), makeRoom);
  const jobs: Job[] = [];
  // How many calls there were.
  let calls = 0;
  // Whether what is waiting has to wait for what is under way.
  let isBusy = false;
  let isClosed = false;
  let running = 0;
  let rest = (): void => {};

  /** Reads in portions of neighbours, so that a portion has few others in between. */
  async function readAll(batch: Job[]): Promise<void> {
    if (!batch[maxBatch]) return run(batch);
    batch.sort((a, b) => ((a.key ?? "") < (b.key ?? "") ? -1 : 1));
    await inPortions(batch, maxBatch, run);
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
    const opening = jobs[0] && connection.open();
    if (opening) {
      opening.then(flush, (error: unknown) => {
        for (const job of jobs) job.reject(toStoreError(error));
        hits.settled(jobs.splice(0));
        flush();
      });
      return;
    }
    // What a write is to be followed by waits for it: if it is done again, that is still before what came after.
    while (jobs.length && !isBusy) beginBatch();
    if (!running && !jobs.length) rest();
  }

  /** Begins the jobs at the front that can share a transaction. */
  function beginBatch(): void {
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
    if (!batch.length) return hits.settled(taken);
    const isWaitedFor = (isBusy = write || batch.length > maxBatch);
    running++;
    void (write ? run(batch) : readAll(batch)).then(() => {
      running--;
      hits.settled(taken);
      if (isWaitedFor) isBusy = false;
      return calm();
    });
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
    get(key, call, found) {
      if (!hits.has(key)) return add({ call, key, found });
      calls++;
      return found(cache.take(key));
    },
    lastMark: () =>
      connection.open()
        ? undefined
        : // At once: what is committed later comes after it.
          Promise.resolve(connection.begin("readonly")).then((entries) => readLast(entries)),
    connect: () => void connection.open()?.catch(() => {}),
    async close() {
      isClosed = true;
      if (running || jobs.length) await new Promise<void>((resolve) => (rest = resolve));
      connection.lose();
    },
  };
}
