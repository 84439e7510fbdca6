import type { Call } from "../../core/contract.ts";
import type { Mutation, Snapshot } from "./snapshot.ts";

/** One call's work within a transaction that it may share with others. */
export interface Work<R> {
  /** Whether it may change what is stored. */
  readonly write?: boolean;
  readonly call: Call;
  /** Comes to the same when it is done twice, so that it may be done again when nobody knows whether it was committed. */
  readonly isRepeatable?: boolean;
  /** What the call is about, for its error. */
  readonly key?: string;
  /** How many bytes it writes. */
  readonly size?: number;
  /** Whether the page may be gone in a moment, so that it is committed by hand. */
  readonly isLast?: boolean | undefined;
  /**
   * Makes the requests; of a write, notes what it changes. Awaits nothing but requests. Runs again, from the start, if the
   * transaction fails and is repeated.
   */
  run(entries: IDBObjectStore, changes: Mutation[], snapshot: Snapshot): R | Promise<R>;
}

/** A call, which has either work or a record to read, and what came of it. */
export interface Job extends Omit<Work<any>, "run">, Partial<Pick<Work<any>, "run">> {
  /** Gets the record under its key: of these reads many can be done at once. */
  readonly found?: (record: any) => unknown;
  resolve(result: any): void;
  reject(error: unknown): void;
  /** The record that it reads. */
  record?: Promise<unknown> | undefined;
  result?: unknown;
  error?: unknown;
  changes?: Mutation[];
}

/** Makes a job's requests and waits for what comes of them. */
export async function start(job: Job, snapshot: Snapshot): Promise<void> {
  const { record } = job;
  job.error = job.record = undefined;
  job.changes = [];
  try {
    job.result = job.found ? job.found(await record) : await job.run!(snapshot.entries, job.changes, snapshot);
  } catch (error) {
    job.error = error;
  }
}

/** Whether a job is still waited for. Rejects one whose signal has aborted. */
export function isWanted({ call: { signal }, reject }: Job): boolean {
  if (signal?.aborted) reject(signal.reason);
  return !signal?.aborted;
}
