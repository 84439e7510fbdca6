import type { Awaitable } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";

/** Work that is done one after the other. */
export interface WorkQueue {
  /** Does work alone: at once if a slice is going on and nothing waits, in the next slice otherwise. */
  transact<R>(work: () => R): Awaitable<R>;
  /** Resolves when what was asked for is done. */
  settled(): Promise<void>;
}

/** Does what waits in this task, and commits it. Resolves with whether there may be more to come. */
export type RunSlice = () => Promise<boolean>;

type Job = readonly [attempt: () => void, reject: (error: unknown) => void];

// How long a slice is: ms.
const slice = 10;
// How much is done in a slice at most, since a clock may stand still.
const most = 10_000;
// After so many turns in which nothing was asked for, no caller is taken to go on in this task.
const idle = 50;

/** Returns a queue that runs slices under a lock. `hold` takes it, and gives it back; it is called as long as work waits. */
export function createWorkQueue(hold: (runSlice: RunSlice) => Promise<void>, commit: () => void): WorkQueue {
  const queue: Job[] = [];
  let running: Promise<void> | undefined;
  // Whether work may be done at once: in a slice, and not in the midst of other work.
  let isOpen = false;
  // How much was done.
  let count = 0;

  async function runSlice(): Promise<boolean> {
    const end = performance.now() + slice;
    const last = count + most;
    drain();
    isOpen = true;
    // Lets callers that were answered ask for more: a caller that awaits each of its calls pays for one lock, not for each.
    let turn = 0;
    for (let seen = count; turn < idle && count < last && performance.now() < end; seen = count) {
      await Promise.resolve();
      drain();
      turn = seen === count ? turn + 1 : 0;
    }
    isOpen = false;
    // Still in the task in which the callers were answered: a tab does not go away in between.
    commit();
    return turn < idle;
  }

  function drain(): void {
    while (queue.length) for (const [attempt] of queue.splice(0)) attempt();
  }

  function alone<R>(work: () => R): R {
    const wasOpen = isOpen;
    isOpen = false;
    count++;
    try {
      return work();
    } finally {
      isOpen = wasOpen;
    }
  }

  async function run(): Promise<void> {
    for (let failures = 0; queue.length;) {
      try {
        await hold(runSlice);
        failures = 0;
      } catch (cause) {
        // A page that came back lost what it had asked for before it was left. One that is going away gets no lock any more.
        if (!failures++) continue;
        const error = new StoreError("unavailable", "Cannot lock localStorage: expected the browser to grant it", {
          cause,
        });
        for (const [, reject] of queue.splice(0)) reject(error);
      }
    }
    running = undefined;
  }

  return {
    transact(work) {
      if (isOpen && !queue.length) return alone(work);
      return new Promise((resolve, reject) => {
        const attempt = (): void => {
          try {
            resolve(alone(work));
          } catch (error) {
            reject(error);
          }
        };
        queue.push([attempt, reject]);
        running ??= run();
      });
    },
    settled: async () => running,
  };
}
