import type { Call, Entry } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import { alone, type CallLine } from "../wire/batch.ts";

/** A call about one key, which travels with others. */
export interface Single extends CallLine {
  readonly call: Call;
}

/** Makes a call about one key: what it says, when what it writes is to expire, and the bytes that belong to it. */
export type Make = <R = Entry | undefined>(
  call: Call,
  line: Single["line"],
  expiresAt?: Single["expiresAt"],
  ...values: Uint8Array[]
) => Promise<R>;

interface Waiting extends Single {
  resolve(result: any): void;
  reject(error: unknown): void;
}

// How many calls travel together at most, and how many bytes of values: a large one goes by itself.
const maxCalls = 1000;
const maxBytes = 262_144;

/**
 * Returns what makes calls: those of one moment together, by a function that resolves with the result of each. `track` is
 * given what is under way.
 */
export function createBatcher(
  send: (calls: readonly Single[]) => Promise<unknown[]>,
  track: (work: Promise<unknown>) => unknown,
): Make {
  let queue: Waiting[] = [];

  async function flush(): Promise<void> {
    // Callers that were answered together ask again together, but for a few steps that they are apart.
    for (let hop = 0; hop < 32; hop++) await undefined;
    const batches: Waiting[][] = [];
    let batch: Waiting[] = [];
    let bytes = Infinity;
    for (const single of queue) {
      const { signal } = single.call;
      if (signal?.aborted) {
        single.reject(signal.reason);
        continue;
      }
      const size = single.values.reduce((sum, { length }) => sum + length, 0);
      bytes += size;
      if (bytes > maxBytes || batch.length === maxCalls) {
        batches.push((batch = []));
        bytes = size;
      }
      batch.push(single);
    }
    queue = [];
    await Promise.all(batches.map(deliver));
  }

  async function deliver(calls: readonly Waiting[]): Promise<unknown> {
    try {
      const results = await send(calls);
      return Promise.all(
        calls.map((call, index) => {
          const result = results[index];
          if (result === alone) return deliver([call]);
          return isStoreError(result) ? call.reject(result) : call.resolve(result);
        }),
      );
    } catch (error) {
      // A handler that takes no such batch has done nothing of it.
      const areApart = calls.length > 1 && isRefused(error);
      return Promise.all(calls.map((call) => (areApart ? deliver([call]) : call.reject(error))));
    }
  }

  return (call, line, expiresAt, ...values) =>
    new Promise((resolve, reject) => {
      if (queue.push({ call, line, expiresAt, values, resolve, reject }) === 1) track(flush());
    });
}

/** Whether a handler refused many things at once, of which it may take each by itself. */
export function isRefused(error: unknown): boolean {
  return isStoreError(error, "invalid-argument") || isStoreError(error, "quota-exceeded");
}
