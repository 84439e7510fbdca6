import type { Call } from "../../core/contract.ts";

/** Until when a request is worth sending. */
export interface Deadline {
  /** Aborts when the time is over, or when no call waits for the request any more. */
  readonly signal: AbortSignal;
  /** Lets go of the calls and the timer. */
  end(): void;
}

/** Starts the time that a request has, in ms. `late` makes the reason for which it is over. */
export function startDeadline(calls: readonly Call[], timeout: number, late: () => Error): Deadline {
  const controller = new AbortController();
  const abort = (): void => {
    if (calls.every(({ signal }) => signal?.aborted)) controller.abort();
  };
  const timer = setTimeout(() => controller.abort(late()), timeout);
  abort();
  for (const call of calls) call.signal?.addEventListener("abort", abort);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      for (const call of calls) call.signal?.removeEventListener("abort", abort);
    },
  };
}
