import type { Job } from "./job.ts";
import type { Step } from "./step.ts";

/** How many steps one script does at most, unless they belong together. */
export const maxSteps = 256;
// How many bytes one script is given at most, unless one step has more.
const maxBytes = 1 << 20;

/** Cuts jobs of one slot into batches, in their order, each small enough for one script, and refuses those that are aborted. */
export function cutIntoBatches(
  jobs: readonly Job[],
  send: (batch: readonly Job[]) => void,
  refuse: (job: Job, reason: unknown) => void,
): void {
  let batch: Job[] = [];
  let steps = 0;
  let bytes = 0;
  for (const job of jobs) {
    if (job.signal?.aborted) {
      refuse(job, job.signal.reason);
      continue;
    }
    const count = 1 + job.others.length;
    const size = sizeOf(job.step);
    if (batch.length && (steps + count > maxSteps || bytes + size > maxBytes)) {
      send(batch);
      batch = [];
      steps = bytes = 0;
    }
    batch.push(job);
    steps += count;
    bytes += size;
  }
  if (batch.length) send(batch);
}

function sizeOf({ args }: Step): number {
  let size = 0;
  for (const arg of args) size += typeof arg === "number" ? 16 : arg.length;
  return size;
}
