import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { readBytes } from "../wire/complete.ts";
import { idempotencyHeader, outcomeHeader, readRetryAfter, timeoutHeader, writeBearer } from "../wire/headers.ts";
import { readProblem } from "../wire/problem.ts";
import type { RemoteOptions } from "./options.ts";
import type { Details, Target } from "./request.ts";

/** What changes from one attempt to the next. */
export interface Attempt {
  /** By the clock of the calls: epoch ms. */
  readonly start: number;
  /** How long the client waits from then on, if it says so: ms. */
  readonly left: number | undefined;
  /** The name under which the request is applied once, if it needs one. */
  readonly idempotencyKey: string | undefined;
  readonly signal: AbortSignal;
}

/** What came of an attempt. */
export type Outcome<R> =
  | { readonly result: R }
  | {
      readonly error: StoreError;
      /** Whether a handler has said so. */
      readonly isAnswered: boolean;
      /** How long to wait before the next attempt: ms, as far as somebody said so. */
      readonly wait: number | undefined;
    };

/** Sends a request once and reads its answer. Whatever comes back that is not a handler's whole answer is `unavailable`. */
export type Exchange = <R>(target: Target, details: Details<R>, attempt: Attempt) => Promise<Outcome<R>>;

/** Returns what exchanges requests for answers with the handler of a mount. */
export function createExchange(mount: string, options: RemoteOptions): Exchange {
  const { token } = options;

  function request<R>(target: Target, details: Details<R>, attempt: Attempt): Promise<Response> {
    const [method, resource] = target.split(" ");
    const { parameters, accept, body } = details;
    const { start, left, idempotencyKey, signal } = attempt;
    return (options.fetch ?? fetch)(
      `${mount}/${resource}${parameters ? `?${new URLSearchParams(defined(parameters))}` : ""}`,
      {
        method: method!,
        headers: defined({
          ...options.headers,
          accept,
          authorization: token && writeBearer(token),
          [idempotencyHeader]: idempotencyKey,
          [timeoutHeader]: left,
        }),
        body: body?.(start) ?? null,
        signal,
        // A redirected POST would become a GET.
        redirect: "manual",
        // Firefox would have a second tab's watch wait in its cache for the end of the first one's.
        ...(isStream(target, details) && { cache: "no-store" }),
      },
    );
  }

  return async (target, details, attempt) => {
    const { signal, start } = attempt;
    let wait: number | undefined;
    let isAnswered = false;
    try {
      const response = await request(target, details, attempt);
      // A fetch of the user's own may not heed the signal.
      if (signal.aborted) void response.body?.cancel().catch(() => {});
      signal.throwIfAborted();
      const { headers } = response;
      const outcome = headers.get(outcomeHeader);
      const isGood = outcome === "ok";
      wait = readRetryAfter(headers, start);
      const content = isGood && isStream(target, details) ? response.body : await readBytes(response);
      if (isGood) return { result: details.read(content, start, headers) };
      isAnswered = !!outcome;
      // Nothing that is asked for here can be missing.
      if (!outcome || outcome === "not-found") throw unavailable(mount, `status ${response.status}`);
      throw readProblem(outcome, content as Uint8Array);
    } catch (cause) {
      return { error: isStoreError(cause) ? cause : unavailable(mount, "none", cause), isAnswered, wait };
    }
  };
}

function isStream(target: Target, { accept }: Details<unknown>): boolean {
  return target === "GET changes" && !accept;
}

/** Leaves out what is undefined. */
function defined(fields: object): Record<string, string> {
  return JSON.parse(JSON.stringify(fields));
}

/** Returns the error of a store that did not answer as a handler does. */
export function unavailable(mount: string, got: string, cause?: unknown): StoreError {
  const message = `Store at ${quote(mount)} is unavailable: expected a handler's whole answer, got ${got}`;
  return new StoreError("unavailable", message, { cause });
}
