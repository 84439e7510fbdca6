import type { Call } from "../../core/contract.ts";
import { untilAborted } from "../../core/untilAborted.ts";

/**
 * Does work that some calls wait for, with a signal that aborts when none of them waits any more, or when the time is over:
 * ms. Then it rejects at once; `late` makes the reason when that is the time. If what comes of it is a stream, the signal goes
 * on to abort with that of its call.
 */
export async function untilDeadline<R>(
  calls: readonly Call[],
  timeout: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<R>,
  isStream = false,
): Promise<R> {
  const controller = new AbortController();
  const { signal } = controller;
  const abort = (): void => {
    if (calls.every((call) => call.signal?.aborted)) controller.abort();
  };
  const timer = setTimeout(() => controller.abort(late()), timeout);
  abort();
  for (const call of calls) call.signal?.addEventListener("abort", abort);
  try {
    return await untilAborted(work(signal), signal);
  } finally {
    clearTimeout(timer);
    if (!isStream) for (const call of calls) call.signal?.removeEventListener("abort", abort);
  }
}
