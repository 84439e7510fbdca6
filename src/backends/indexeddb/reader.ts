import { isActive } from "./active.ts";
import type { Cache } from "./cache.ts";
import type { Connection } from "./connection.ts";
import type { Hits } from "./hits.ts";
import { fewKeys } from "./readMany.ts";
import type { Snapshot } from "./snapshot.ts";
import { start, type Job } from "./work.ts";

/** Runs jobs that only read. */
export interface Reader {
  /** Runs a batch and answers each job as soon as that is possible. */
  read(batch: readonly Job[]): Promise<void>;
  /** The next reads begin a transaction of their own. */
  end(): void;
}

// So many single reads may follow one another in one transaction, for which the writes of other tabs have to wait.
const maxReads = 200;

/** Returns a reader in which single reads that follow one another share a transaction as long as that is active. */
export function createReader({ begin }: Pick<Connection, "begin">, cache: Cache, hits: Hits): Reader {
  // The transaction of the last single reads, and how many more it may take.
  let last: Snapshot | undefined;
  let left = 0;

  return {
    async read(batch) {
      const gets = batch.filter(({ found }) => found);
      const isSingle = gets.length === batch.length && gets.length < fewKeys;
      let snapshot: Snapshot;
      if (isSingle && last && left >= gets.length && isActive(last)) {
        snapshot = last;
        left -= gets.length;
      } else {
        if (isSingle) last = undefined;
        snapshot = cache.begin(await begin("readonly"), false);
        hits.rely(snapshot);
        if (isSingle) {
          last = snapshot;
          left = maxReads;
        }
      }
      if (gets.length >= fewKeys) {
        const given = cache.getMany(
          snapshot,
          gets.map(({ key }) => key!),
        );
        for (const job of gets) job.record = given.then((give) => give(job.key!));
      } else for (const job of gets) job.record = cache.get(snapshot, job.key!);
      // Not committed by hand: Chromium lost large answers that way.
      await Promise.all(
        batch.map(async (job) => {
          await start(job, snapshot);
          if (!job.error) job.resolve(job.result);
        }),
      );
    },
    end: () => void (last = undefined),
  };
}
