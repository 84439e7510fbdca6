import type { ValkeyClient } from "./client.ts";
import type { Job } from "./job.ts";

/** Jobs that wait to be sent: those of one moment travel together. */
export interface Backlog {
  add(job: Job): void;
  /** Takes note that jobs were answered: with none under way there is nothing to wait for. */
  answered(): void;
}

/** What a backlog is made of. */
export interface BacklogParts {
  /** Whether there are jobs under way. */
  isBusy(): boolean;
  /** The client, if jobs can be sent now. */
  current(): ValkeyClient | undefined;
  /** Resolves when jobs can be sent. */
  prepare(): Promise<unknown>;
  /** Sends the jobs of one moment. */
  send(client: ValkeyClient, jobs: readonly Job[]): void;
  /** Takes a job that cannot be sent. */
  refuse(job: Job, error: unknown): void;
}

/** Returns an empty backlog. */
export function createBacklog({ isBusy, current, prepare, send, refuse }: BacklogParts): Backlog {
  let waiting: Job[] = [];
  let isScheduled = false;
  let isPausing = false;

  function resume(): void {
    if (!isPausing) return;
    isPausing = false;
    flush();
  }

  function flush(): void {
    isScheduled = false;
    const client = current();
    if (client) {
      const jobs = waiting;
      waiting = [];
      return send(client, jobs);
    }
    isScheduled = true;
    void prepare().then(flush, (error: unknown) => {
      isScheduled = false;
      for (const job of waiting.splice(0)) refuse(job, error);
    });
  }

  return {
    add(job) {
      waiting.push(job);
      if (isScheduled) return;
      isScheduled = true;
      // While others are under way there is time until all those who are answered in this turn have asked again.
      if (!isBusy()) return queueMicrotask(flush);
      isPausing = true;
      setImmediate(resume);
    },
    answered() {
      // By itself the pause would never end while a test holds the timers.
      if (isPausing && !isBusy()) queueMicrotask(resume);
    },
  };
}
