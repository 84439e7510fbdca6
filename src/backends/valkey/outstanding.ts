import type { Job } from "./job.ts";

/**
 * The work that has not settled, which `close` waits for. Counted, because a promise for each job would cost more than its
 * step.
 */
export interface Outstanding {
  /** Counts one more. */
  begin(): void;
  /** Counts one less. */
  end(): void;
  /** Resolves a job that was counted. */
  resolve(job: Job, result: unknown): void;
  /** Rejects a job that was counted. */
  reject(job: Job, error: unknown): void;
  /** Resolves when nothing is left. */
  settled(): Promise<void>;
}

/** Returns a count of outstanding work, which is none. */
export function createOutstanding(): Outstanding {
  let count = 0;
  const waiting: (() => void)[] = [];

  function end(): void {
    if (--count) return;
    for (const resume of waiting.splice(0)) resume();
  }

  return {
    begin: () => void count++,
    end,
    resolve(job, result) {
      job.resolve(result);
      end();
    },
    reject(job, error) {
      job.reject(error);
      end();
    },
    settled: () => (count ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
  };
}
