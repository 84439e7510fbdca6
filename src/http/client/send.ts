import { pause } from "../../core/pause.ts";
import { longestDelay } from "../../core/timers.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import { startDeadline } from "./deadline.ts";
import { createExchange, unavailable } from "./exchange.ts";
import { mountOf, type RemoteOptions } from "./options.ts";
import type { Details, Send, Target } from "./request.ts";

/** Returns what sends requests to the handler of a mount, more than once if need be. */
export function createSend(options: RemoteOptions): Send {
  const { timeout: limit = 30_000, attempts = 4 } = options;
  const mount = mountOf(options);
  const exchange = createExchange(mount, options);
  const name = crypto.getRandomValues(new Uint32Array(4)).join("-");
  let named = 0;

  async function sendOften<R>(
    target: Target,
    details: Details<R>,
    now: () => number,
    end: number,
    signal: AbortSignal,
  ): Promise<R> {
    const { isRead = target.startsWith("GET"), isSafe = isRead } = details;
    const idempotencyKey = isSafe ? undefined : `${name}-${named++}`;
    for (let count = 1; ; count++) {
      signal.throwIfAborted();
      const start = now();
      // Without headers of its own a read is one that browsers make without asking before.
      const left = isRead ? undefined : Math.max(1, end - start);
      const outcome = await exchange(target, details, { start, left, idempotencyKey, signal });
      if ("result" in outcome) return outcome.result;
      const { error, isAnswered, wait } = outcome;
      // To what must not be applied twice a handler's answer is its last word, unless it asks for another try.
      const isOpen = isAnswered && !isSafe ? wait !== undefined : error.code === "unavailable";
      if (!isOpen || count >= attempts || (wait ?? 0) > end - now()) throw error;
      await pause(Math.min(50 * 2 ** count, 5000), wait);
    }
  }

  return async (calls, target, details) => {
    const { now } = calls[0]!;
    const timeout = Math.min(details.timeout ?? limit, longestDelay);
    const { signal, end } = startDeadline(calls, timeout, () => unavailable(mount, `none within ${timeout} ms`));
    try {
      return await untilAborted(sendOften(target, details, now, now() + timeout, signal), signal);
    } finally {
      end();
    }
  };
}
