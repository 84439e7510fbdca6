import type { Call } from "../core/contract.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import { untilAborted } from "../core/untilAborted.ts";
import type { RemoteOptions } from "./remote.ts";
import {
  address,
  keep,
  readBytes,
  readEntry,
  readOutcome,
  readProblem,
  readRetryAfter,
  writeTerms,
  type Method,
  type Resource,
  type Terms,
} from "./wire.ts";

/** What is asked for: a method of a resource. */
export type Target = `${Method} ${Resource}`;

/** What a request has besides its target and parameters. */
export interface Details<R> extends Pick<Terms, "accept" | "found"> {
  /** Makes the body anew for each attempt, since a ttl shrinks meanwhile. */
  body?(start: number): Uint8Array | undefined;
  /** When what is written is to expire; if that is when `found` does, the deadline stays as it is. @default never */
  readonly expiresAt?: number | undefined;
  /** Reads the body, as bytes or as the stream that it is, of the answer to a request made at `start`. @default an entry */
  read?(body: any, start: number, headers: Headers): R;
  /** Whether it may be applied again; anything else gets a name under which it is not. @default whether it only reads */
  readonly isSafe?: boolean | undefined;
  /** How long the answer may take, repetitions included: ms. @default the option */
  readonly timeout?: number;
}

/** Sends a request and resolves with what came of it. */
export type Send = <R>(call: Call, target: Target, parameters: object, details?: Details<R>) => Promise<R>;

/** Returns what sends requests to the handler of a mount. */
export function createSend(mount: string, options: RemoteOptions): Send {
  const { token, timeout: limit = 30_000, attempts = 4 } = options;
  const name = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
  let named = 0;

  function unavailable(got: string, cause?: unknown): StoreError {
    const message = `Store at ${quote(mount)} is unavailable: expected a handler's whole answer, got ${got}`;
    return new StoreError("unavailable", message, { cause });
  }

  /**
   * Sends a request, more than once if need be. Whatever comes back that is not a handler's whole answer is `unavailable`;
   * that there is no value is `undefined`.
   */
  return async function send<R>(
    { signal, now }: Call,
    target: Target,
    parameters: object,
    details: Details<R> = {},
  ): Promise<R> {
    const { accept, body, expiresAt = Infinity, found, read = readEntry as never } = details;
    const { timeout = limit } = details;
    const [method, resource] = target.split(" ") as [Method, Resource];
    const isRead = /^[GH]/.test(method);
    const { isSafe = isRead } = details;
    const once = isSafe ? undefined : `${name}-${named++}`;
    const isStream = resource === "changes" && !accept;
    const controller = new AbortController();
    const end = Date.now() + timeout;

    async function sendOften(): Promise<R> {
      for (let count = 1; ; count++) {
        controller.signal.throwIfAborted();
        const start = now();
        let wait: number | undefined;
        let isAnswered = false;
        try {
          const response = await (options.fetch ?? fetch)(address(mount, resource, parameters), {
            method,
            headers: {
              ...options.headers,
              ...writeTerms({
                accept,
                token,
                found,
                ttl: found?.expiresAt === expiresAt ? keep : left(expiresAt, start),
                once,
                // Without headers of its own a read is one that browsers make without asking before.
                timeout: isRead ? undefined : Math.max(1, end - Date.now()),
              }),
            },
            body: body?.(start) as Uint8Array<ArrayBuffer> | undefined,
            signal: controller.signal,
            // A redirected POST would become a GET.
            redirect: "manual",
            // Firefox would have a second tab's watch wait in its cache for the end of the first one's.
            ...(isStream && { cache: "no-store" }),
          });
          // A fetch of the user's own may not heed the signal.
          if (controller.signal.aborted) void response.body?.cancel().catch(() => {});
          controller.signal.throwIfAborted();
          const outcome = readOutcome(response);
          const isGood = outcome === "ok";
          wait = readRetryAfter(response);
          const content = isGood && isStream ? response.body : await readBytes(response, method);
          if (isGood) return read(content, start, response.headers);
          const isMiss = outcome === "not-found";
          if (isMiss && "key" in parameters) return undefined as R;
          isAnswered = !!outcome;
          throw outcome && !isMiss
            ? readProblem(outcome, content as Uint8Array)
            : unavailable(`status ${response.status}`);
        } catch (cause) {
          const error = isStoreError(cause) ? cause : unavailable("none", cause);
          // To what must not be applied twice a handler's answer is its last word, unless it asks for another try.
          const isOpen = isAnswered && !isSafe ? wait !== undefined : error.code === "unavailable";
          if (!isOpen || count >= attempts || (wait ?? 0) > end - Date.now()) throw error;
        }
        await pause(Math.min(50 * 2 ** count, 5000), wait);
      }
    }

    const abort = (): void => controller.abort(signal!.reason);
    const late = (): void => controller.abort(unavailable(`none within ${timeout} ms`));
    // A longer delay would make setTimeout fire at once.
    const timer = setTimeout(late, Math.min(timeout, 2 ** 31 - 1));
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      return await untilAborted(sendOften(), controller.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  };
}

/** How long something has left that is about to be written: ms. What expires meanwhile does so at once. */
export function left(expiresAt: number, now: number): number {
  return Math.max(1, expiresAt - now);
}

/** Waits at least and about so long, so that those who failed together do not come back together. */
export function pause(ms: number, least = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, least + ms * (0.5 + Math.random())));
}
