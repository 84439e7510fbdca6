import { attempt } from "../../core/attempt.ts";
import type { Awaitable, Call } from "../../core/contract.ts";
import { isStoreError, kindOf, quote, StoreError } from "../../core/error.ts";
import { pause } from "../../core/pause.ts";
import { longestDelay } from "../../core/timers.ts";
import { expectComplete, readBytes } from "../wire/complete.ts";
import { idempotencyHeader, outcomeHeader, readRetryAfter, timeoutHeader } from "../wire/headers.ts";
import { readProblem } from "../wire/problem.ts";
import { untilDeadline } from "./deadline.ts";
import { isToken, mountOf, type RemoteOptions } from "./options.ts";
import { reasonOf } from "./reason.ts";
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

  function unauthorized(got: string, cause?: unknown): StoreError {
    const expected = "expected a token of visible ASCII characters, or other credentials";
    const message = `Store at ${quote(mount)} lets nobody in: ${expected}, got ${got}`;
    return new StoreError("unauthorized", message, { cause });
  }

  /** Returns the token of one try, which no message shows. */
  async function findToken(find: () => Awaitable<string | undefined>): Promise<string | undefined> {
    const found = await attempt(find).catch((cause) => {
      throw unauthorized("none", cause);
    });
    if (found === undefined || isToken(found)) return found;
    throw unauthorized(kindOf(found));
  }

  return <R>(calls: readonly Call[], target: Target, details: Details<R>): Promise<R> => {
    const { parameters, body, read, timeout: most = limit } = details;
    const [method, resource] = target.split(" ");
    const { isRead = method === "GET", isSafe = isRead } = details;
    // A stream goes on when its answer is there.
    const isStream = target === "GET changes" && !details.headers;
    const idempotencyKey = isSafe ? undefined : `${name}-${named++}`;
    const url = `${mount}/${resource}${parameters ? `?${new URLSearchParams(defined(parameters))}` : ""}`;
    const { now } = calls[0]!;
    const timeout = Math.min(most, limit, longestDelay);
    const end = now() + timeout;
    let before = "";

    /** Sends until there is an answer. Whatever comes back that is not a handler's whole answer is `unavailable`. */
    async function sendOften(signal: AbortSignal): Promise<R> {
      for (let count = 1; ; count++) {
        signal.throwIfAborted();
        const bearer = typeof token === "function" ? await findToken(token) : token;
        // That may have taken long.
        signal.throwIfAborted();
        const start = now();
        let wait: number | undefined;
        let isAnswered = false;
        let isWhole = false;
        // What there is of an answer.
        let got = "none";
        try {
          const response = await (options.fetch ?? fetch)(url, {
            method: method!,
            headers: {
              ...Object.fromEntries(new Headers(options.headers)),
              ...defined({
                ...details.headers,
                authorization: bearer && `Bearer ${bearer}`,
                [idempotencyHeader]: idempotencyKey,
                // Without headers of its own a read is one that browsers make without asking before.
                [timeoutHeader]: isRead ? undefined : Math.max(1, end - start),
              }),
            },
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
          got = "a part of one";
          const { headers, status } = response;
          const outcome = headers.get(outcomeHeader);
          const isGood = outcome === "ok";
          wait = readRetryAfter(headers, start);
          const content = isGood && isStream ? response.body : await readBytes(response);
          // What makes no sense may be a value, which no message shows.
          got = outcome ? "one that makes no sense" : status ? `status ${status}` : "a redirect";
          isWhole = true;
          if (isGood || details.isAnswer?.(headers)) return read(content, start, headers);
          isAnswered = !!outcome;
          // Somebody before the handler answered.
          if (!outcome) throw status === 401 || status === 403 ? unauthorized(got) : undefined;
          // Nothing that is asked for here can be missing.
          expectComplete(outcome !== "not-found");
          throw readProblem(outcome, content as Uint8Array);
        } catch (cause) {
          // Why there is no more.
          if (!isWhole) got += reasonOf(cause, mount);
          before = `, before that ${got}`;
          const error = isStoreError(cause) ? cause : unavailable(got, cause);
          // To what must not be applied twice a handler's answer is its last word, unless it asks for another try.
          const isOpen = isAnswered && !isSafe ? wait !== undefined : error.code === "unavailable";
          if (!isOpen || count >= attempts || (wait ?? 0) > end - now()) throw error;
        }
        await pause(Math.min(50 * 2 ** count, 5000), wait);
      }
    }

    return untilDeadline(calls, timeout, () => unavailable(`none within ${timeout} ms${before}`), sendOften, isStream);
  };
}

/** Leaves out what is undefined. */
function defined(fields: object): Record<string, string> {
  return JSON.parse(JSON.stringify(fields));
}
