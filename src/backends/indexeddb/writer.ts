import type { Changes } from "./changes.ts";
import type { Cache } from "./cache.ts";
import type { Connection } from "./connection.ts";
import { endingOf, Refusal, type Failure } from "./failure.ts";
import type { Hits } from "./hits.ts";
import type { Reader } from "./reader.ts";
import { copyOf } from "./record.ts";
import { start, type Job } from "./work.ts";

/** Runs writes, and single reads among them, and reports what they changed. Resolves with the reason if the transaction is aborted. */
export type Writer = (batch: readonly Job[], leavesMark?: boolean) => Promise<Failure | undefined>;

/** Returns a writer, whose batches are a transaction each. Reads that follow begin another. */
export function createWriter(
  connection: Connection,
  cache: Cache,
  hits: Hits,
  reader: Reader,
  report: Changes["report"],
): Writer {
  return async (batch, leavesMark = true) => {
    reader.end();
    const snapshot = cache.begin(await connection.begin("readwrite"), leavesMark);
    hits.rely(snapshot);
    const ending = endingOf(snapshot, connection);
    if (batch.some(({ found, key }) => found && cache.has(key!))) await snapshot.verified!.catch(() => {});
    const { written } = snapshot;
    for (const job of batch) {
      if (!job.write) {
        // In order: it sees what those before it wrote, and what is not of this transaction it need not wait for.
        const mutation = written.get(job.key!);
        job.record = mutation ? Promise.resolve(copyOf(mutation.record)) : cache.get(snapshot, job.key!);
        const done = start(job, snapshot);
        if (!mutation) void done.then(() => job.error || job.resolve(job.result));
        continue;
      }
      await start(job, snapshot);
      for (const mutation of job.changes!) written.set(mutation.key, mutation);
      if (!job.error || job.error instanceof Refusal) continue;
      // Nothing of it may stay.
      ending.abort(job.error);
      break;
    }
    // Not with several writes: Firefox would commit all but the one that the quota refuses.
    if (!batch[1] && (batch[0]!.isLast || !batch[0]!.changes![1])) ending.commit();
    const failure = await ending.failure;
    if (!failure) {
      const mutations = batch.flatMap(({ changes }) => changes!);
      cache.commit(snapshot, mutations);
      if (mutations[0]) report(mutations, snapshot.mark! + 1);
    }
    return failure;
  };
}
