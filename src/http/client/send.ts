import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { pause } from "../../core/pause.ts";
import { longestDelay } from "../../core/timers.ts";
import { readBytes } from "../wire/complete.ts";
import { idempotencyHeader, outcomeHeader, readRetryAfter, timeoutHeader } from "../wire/headers.ts";
import { readProblem } from "../wire/problem.ts";
import { untilDeadline } from "./deadline.ts";
import { mountOf, type RemoteOptions } from "./options.ts";
import type { Details, Send, Target } from "./request.ts";

/** Returns what sends requests to the handler of a mount, more than once if need be. */
export function createSend(options: RemoteOptions): Send {
  const { token, timeout: limit = 30_000, attempts = 4 } = options;
  const mount = mountOf(options);
  const name = crypto.getRandomValues(new Uint32Array(4)).join("-");
  let named = 0;

  function unavailable(got: string, cause?: unknown): StoreError {
    const message = `Store at ${quote(mount)} is unavailable: expected a handler's whole answer, got ${got}`;
    return new StoreError("unavailable", message, { cause });
  }

  /** Sends until there is an answer. Whatever comes back that is not a handler's whole answer is `unavailable`. */
  async function sendOften<R>(
    target: Target,
    { parameters, accept, body, read, ...details }: Details<R>,
    signal: AbortSignal,
    now: () => number,
    end: number,
  ): Promise<R> {
    const [method, resource] = target.split(" ");
    const { isRead = method === "GET", isSafe = isRead } = details;
    const isStream = resource === "changes" && !accept;
    const idempotencyKey = isSafe ? undefined : `${name}-${named++}`;
    const url = `${mount}/${resource}${parameters ? `?${new URLSearchParams(defined(parameters))}` : ""}`;
    for (let count = 1; ; count++) {
      signal.throwIfAborted();
      const start = now();
      let wait: number | undefined;
      let isAnswered = false;
      try {
        const response = await (options.fetch ?? fetch)(url, {
          method: method!,
          headers: defined({
            ...options.headers,
            accept,
            authorization: token && `Bearer ${token}`,
            [idempotencyHeader]: idempotencyKey,
            // Without headers of its own a read is one that browsers make without asking before.
            [timeoutHeader]: isRead ? undefined : Math.max(1, end - start),
          }),
          body: body?.(start) ?? null,
          signal,
          // A redirected POST would become a GET.
          redirect: "manual",
          // Firefox would have a second tab's watch wait in its cache for the end of the first one's.
          ...(isStream && { cache: "no-store" }),
        });
        // A fetch of the user's own may not heed the signal.
        if (signal.aborted) void response.body?.cancel().catch(() => {});
        signal.throwIfAborted();
        const { headers } = response;
        const outcome = headers.get(outcomeHeader);
        const isGood = outcome === "ok";
        wait = readRetryAfter(headers, start);
        const content = isGood && isStream ? response.body : await readBytes(response);
        if (isGood) return read(content, start, headers);
        isAnswered = !!outcome;
        // Nothing that is asked for here can be missing.
        if (!outcome || outcome === "not-found") throw unavailable(`status ${response.status}`);
        throw readProblem(outcome, content as Uint8Array);
      } catch (cause) {
        const error = isStoreError(cause) ? cause : unavailable("none", cause);
        // To what must not be applied twice a handler's answer is its last word, unless it asks for another try.
        const isOpen = isAnswered && !isSafe ? wait !== undefined : error.code === "unavailable";
        if (!isOpen || count >= attempts || (wait ?? 0) > end - now()) throw error;
      }
      await pause(Math.min(50 * 2 ** count, 5000), wait);
    }
  }

  return (calls, target, details) => {
    const { now } = calls[0]!;
    const timeout = Math.min(details.timeout ?? limit, limit, longestDelay);
    const late = (): StoreError => unavailable(`none within ${timeout} ms`);
    return untilDeadline(calls, timeout, late, (signal) => sendOften(target, details, signal, now, now() + timeout));
  };
}

/** Leaves out what is undefined. */
function defined(fields: object): Record<string, string> {
  return JSON.parse(JSON.stringify(fields));
}
