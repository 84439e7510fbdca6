import type { Call } from "../../core/contract.ts";
import { isQuota, Refusal, toStoreError, type Failure } from "./failure.ts";
import type { Reader } from "./reader.ts";
import type { Job, Work } from "./work.ts";
import type { Writer } from "./writer.ts";

/** Runs jobs that share a transaction, and answers each of them. Never rejects. */
export type RunBatch = (batch: readonly Job[]) => Promise<void>;

/** Frees space when there is none: returns the work of one round, whose result is how many entries it removed. */
export type MakeRoom = (call: Call) => Work<number>;

/**
 * Returns how batches are run. Every call fails alone: when one takes the transaction down, nothing of it is written, and
 * each is done again apart, once. A write that met the quota is done again after expired entries have made room.
 */
export function createBatches(read: Reader["read"], write: Writer, makeRoom: MakeRoom): RunBatch {
  async function run(batch: readonly Job[], isLast = false): Promise<void> {
    let aborted: Failure | undefined | void;
    try {
      aborted = await (batch.some((job) => job.write) ? write : read)(batch);
    } catch (error) {
      for (const job of batch) job.reject(toStoreError(error));
      return;
    }
    const again: Job[] = [];
    for (const job of batch) {
      if (job.error instanceof Refusal) job.reject(job.error.error);
      else if (!aborted && !job.error) job.resolve(job.result);
      else if (isLast || (aborted?.isUnknown && job.write && !job.isRepeatable))
        job.reject(toStoreError(aborted ? aborted.error : job.error, job.key));
      else again.push(job);
    }
    // Also after the last try: Firefox lets the first transaction after a full one only delete.
    if (isQuota(aborted?.error)) await free(batch[0]!.call);
    for (const job of again) await run([job], true);
  }

  async function free(call: Call): Promise<void> {
    const job: Job = { ...makeRoom(call), resolve() {}, reject() {} };
    // Where nothing fits, nor does a mark. None is needed: a context that holds what has expired does not return it.
    if (await write([job], false).catch(() => true)) return;
    if (job.result) await free(call);
  }

  return run;
}
