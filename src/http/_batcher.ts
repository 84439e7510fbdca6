import type { Call } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { alone, type BatchCall } from "./wire.ts";

/** A call about one key, which can travel with others. */
export interface Single {
  readonly call: Call;
  /** What it says in a batch, but for its ttl. */
  readonly line: readonly [name: BatchCall[0], key: string, amount?: number];
  /** What it writes. */
  readonly value?: Uint8Array | undefined;
  /** When what it writes is to expire, if it says that. */
  readonly expiresAt?: number | undefined;
  /** Whether it may be applied again. */
  readonly isSafe?: boolean | undefined;
  /** Makes it in a request of its own. */
  alone(): Promise<any>;
}

interface Waiting extends Single {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

// How many calls travel together at most, and how large a value may be that does: bytes.
const maxCalls = 256;
const maxValue = 65_536;

/** Returns what makes calls: those of one moment together, by a function that resolves with the result of each. */
export function createBatcher(
  send: (calls: readonly Single[], signal: AbortSignal) => Promise<unknown[]>,
): (single: Single) => Promise<any> {
  let queue: Waiting[] = [];

  async function flush(): Promise<void> {
    // Those who were answered together ask again together, but for a few steps that they are apart.
    for (let hop = 0; hop < 32; hop++) await undefined;
    const waiting = queue.filter(({ call: { signal }, reject }) => !signal?.aborted || reject(signal.reason));
    queue = [];
    for (let at = 0; at < waiting.length; at += maxCalls) void deliver(waiting.slice(at, at + maxCalls));
  }

  async function deliver(calls: readonly Waiting[]): Promise<void> {
    const { signal, stop } = untilAllAborted(calls);
    let results: unknown[] | undefined;
    try {
      results = calls.length > 1 ? await send(calls, signal) : undefined;
    } catch (error) {
      // A handler that takes no such batch has done nothing of it.
      if (!isStoreError(error, "invalid-argument") && !isStoreError(error, "quota-exceeded")) {
        for (const { reject } of calls) reject(error);
        return;
      }
    } finally {
      stop();
    }
    for (const [index, call] of calls.entries()) {
      const result = results ? results[index] : alone;
      if (result === alone) call.alone().then(call.resolve, call.reject);
      else if (isStoreError(result)) call.reject(result);
      else call.resolve(result);
    }
  }

  return (single) => {
    if (single.value && single.value.length > maxValue) return single.alone();
    return new Promise((resolve, reject) => {
      if (queue.push({ ...single, resolve, reject }) === 1) void flush();
    });
  };
}

/** Returns a signal that aborts once nobody waits for any of the calls, and how to let go of theirs. */
function untilAllAborted(calls: readonly Single[]): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  let waiting = calls.length;
  const stops = calls.map(({ call: { signal } }) => {
    const abort = (): void => void (--waiting || controller.abort(signal!.reason));
    signal?.addEventListener("abort", abort);
    return () => signal?.removeEventListener("abort", abort);
  });
  return { signal: controller.signal, stop: () => stops.forEach((stop) => stop()) };
}
