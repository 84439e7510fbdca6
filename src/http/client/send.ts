import type { Call } from "../../core/contract.ts";
import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { longestDelay } from "../../core/timers.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import type { RemoteOptions } from "../remote.ts";
import {
  onceHeader,
  outcomeHeader,
  readBytes,
  readProblem,
  readRetryAfter,
  timeoutHeader,
  type Method,
  type Resource,
} from "../wire.ts";

/** What is asked for: a method of a resource. */
export type Target = `${Method} ${Resource}`;

/** What a request has besides its target. */
export interface Details<R> {
  /** What its address says besides. @default nothing */
  readonly parameters?: object;
  /** Makes the body anew for each attempt, since a ttl shrinks meanwhile. */
  body?(start: number): Uint8Array<ArrayBuffer>;
  /** Reads the body, as bytes or as the stream that it is, of the answer to a request made at `start`. */
  read(body: any, start: number, headers: Headers): R;
  /** Whether it only reads. @default whether it is a GET */
  readonly isRead?: boolean;
  /** Whether it may be applied again; anything else gets a name under which it is not. @default whether it only reads */
  readonly isSafe?: boolean;
  /** The type of the answer, where there is a choice. */
  readonly accept?: string;
  /** How long the answer may take, repetitions included: ms. @default the option */
  readonly timeout?: number;
}

/** Sends a request that some calls are waiting for, until none of them is, and resolves with what came of it. */
export type Send = <R>(calls: readonly Call[], target: Target, details: Details<R>) => Promise<R>;

/** Returns what sends requests to the handler of a mount. */
export function createSend(mount: string, options: RemoteOptions): Send {
  const { token, timeout: limit = 30_000, attempts = 4 } = options;
  const name = crypto.getRandomValues(new Uint32Array(4)).join("-");
  let named = 0;

  function unavailable(got: string, cause?: unknown): StoreError {
    const message = `Store at ${quote(mount)} is unavailable: expected a handler's whole answer, got ${got}`;
    return new StoreError("unavailable", message, { cause });
  }

  /** Sends a request, more than once if need be. Whatever comes back that is not a handler's whole answer is `unavailable`. */
  return async function send<R>(
    calls: readonly Call[],
    target: Target,
    { parameters, accept, body, read, timeout: given = limit, ...details }: Details<R>,
  ): Promise<R> {
    const [method, resource] = target.split(" ");
    const { isRead = method === "GET", isSafe = isRead } = details;
    const once = isSafe ? undefined : `${name}-${named++}`;
    const isStream = resource === "changes" && !accept;
    const controller = new AbortController();
    const { signal } = controller;
    const timeout = Math.min(given, longestDelay);
    const end = Date.now() + timeout;

    async function sendOften(): Promise<R> {
      for (let count = 1; ; count++) {
        signal.throwIfAborted();
        const start = calls[0]!.now();
        let wait: number | undefined;
        let isAnswered = false;
        try {
          const response = await (options.fetch ?? fetch)(
            `${mount}/${resource}${parameters ? `?${new URLSearchParams(defined(parameters))}` : ""}`,
            {
              method: method!,
              headers: defined({
                ...options.headers,
                accept,
                authorization: token && `Bearer ${token}`,
                [onceHeader]: once,
                // Without headers of its own a read is one that browsers make without asking before.
                [timeoutHeader]: isRead ? undefined : Math.max(1, end - Date.now()),
              }),
              body: body?.(start) ?? null,
              signal,
              // A redirected POST would become a GET.
              redirect: "manual",
              // Firefox would have a second tab's watch wait in its cache for the end of the first one's.
              ...(isStream && { cache: "no-store" }),
            },
          );
          // A fetch of the user's own may not heed the signal.
          if (signal.aborted) void response.body?.cancel().catch(() => {});
          signal.throwIfAborted();
          const { headers } = response;
          const outcome = headers.get(outcomeHeader);
          const isGood = outcome === "ok";
          wait = readRetryAfter(headers);
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
          if (!isOpen || count >= attempts || (wait ?? 0) > end - Date.now()) throw error;
        }
        await pause(Math.min(50 * 2 ** count, 5000), wait);
      }
    }

    const abort = (): void => {
      if (calls.every(({ signal }) => signal?.aborted)) controller.abort();
    };
    const timer = setTimeout(() => controller.abort(unavailable(`none within ${timeout} ms`)), timeout);
    abort();
    for (const call of calls) call.signal?.addEventListener("abort", abort);
    try {
      return await untilAborted(sendOften(), signal);
    } finally {
      clearTimeout(timer);
      for (const call of calls) call.signal?.removeEventListener("abort", abort);
    }
  };
}

/** Leaves out what is undefined. */
function defined(fields: object): Record<string, string> {
  return JSON.parse(JSON.stringify(fields));
}

/** Waits at least and about so long, so that those who failed together do not come back together. */
export function pause(ms: number, least = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, least + ms * (0.5 + Math.random())));
}
