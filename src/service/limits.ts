import { check } from "../core/error.ts";
import { callable, checkOptions, positiveInteger, type Rule } from "../core/options.ts";
import { isEventStream, type Answer } from "../http/server/answer.ts";
import { refusal, refuse } from "../http/server/refusal.ts";
import { tap } from "../http/server/tap.ts";

/** How often a holder may ask. */
export interface RateOptions {
  /** How many requests a second, on average. A batch is one. */
  perSecond: number;
  /** How many at once, after a rest. @default as many as in a second, at least 1 */
  burst?: number | undefined;
  /** Returns the holder that a request counts for: the name of a token, an address. */
  by(request: Request): string;
  /** How many holders are remembered. Above it the one that rested longest is forgotten, and begins anew. @default 10_000 */
  maxHolders?: number | undefined;
  /** The clock: ms. @default Date.now */
  now?: (() => number) | undefined;
}

const positive: Rule = {
  expected: "a number above 0",
  test: (value) => typeof value === "number" && value > 0 && value < Infinity,
};

/**
 * Returns a wrapper that answers 429, with when to come back in `Retry-After`, to a holder that asks too often: a token
 * bucket for each. What is refused costs no token, is not read, and reaches no store.
 *
 * @example Lets everybody ask once a second.
 * ```ts
 * import { limitRate } from "shelflife/service/limits";
 *
 * const limit = limitRate({ perSecond: 1, by: (request) => request.headers.get("x-client") ?? "", now: () => 0 });
 * const answer = limit(async () => new Response("hello"));
 * const ask = async () => (await answer(new Request("https://app.example/"))).status;
 * console.log(await ask(), await ask()); // 200 429
 * ```
 */
export function limitRate(options: RateOptions): (next: Answer) => Answer {
  const {
    perSecond,
    burst = Math.max(1, Math.floor(perSecond)),
    by,
    maxHolders = 10_000,
    now = () => Date.now(),
  } = checkOptions<RateOptions>("limitRate", options, {
    perSecond: { ...positive, required: true },
    burst: positiveInteger,
    by: { ...callable, required: true },
    maxHolders: positiveInteger,
    now: callable,
  });
  const interval = 1000 / perSecond;
  // When each one's bucket is full again. In the order of their last requests.
  const fullAt = new Map<string, number>();

  /** Takes a token, or returns how long there is none: ms. */
  function take(holder: string): number {
    const time = now();
    // Nobody has to wait longer than that, also when the clock was set back.
    const full = Math.min(Math.max(fullAt.get(holder) ?? time, time), time + burst * interval);
    const missing = full + interval - (time + burst * interval);
    // The rounding of a sum of fractions is nobody's fault.
    if (missing > 1e-3) {
      fullAt.set(holder, full);
      return missing;
    }
    fullAt.delete(holder);
    fullAt.set(holder, full + interval);
    if (fullAt.size > maxHolders) fullAt.delete(fullAt.keys().next().value!);
    return 0;
  }

  return (next) => {
    check(typeof next === "function", "answer", "a function", next);
    return async (request) => {
      const wait = take(by(request));
      return wait ? refuseCrowd(request, `at most ${perSecond} requests a second`, wait) : next(request);
    };
  };
}

/** How many streams of events a holder may have open. */
export interface StreamLimitOptions {
  /** How many each may have. */
  perHolder: number;
  /** Returns the holder that a request counts for. */
  by(request: Request): string;
}

/**
 * Returns a wrapper that answers 429 to a holder that wants more streams of events at a time than are meant for one.
 *
 * @example Gives everybody one stream of events.
 * ```ts
 * import { memory } from "shelflife";
 * import { handler } from "shelflife/http/handler";
 * import { limitStreams } from "shelflife/service/limits";
 *
 * const limit = limitStreams({ perHolder: 1, by: () => "ada" });
 * const store = memory();
 * const answer = limit(handler(store, { base: "/store" }));
 * const headers = { accept: "text/event-stream" };
 * const ask = () => answer(new Request("https://app.example/store/changes", { headers }));
 * const first = await ask();
 * console.log(first.status, (await ask()).status); // 200 429
 * await first.body?.cancel();
 * await store.close();
 * ```
 */
export function limitStreams(options: StreamLimitOptions): (next: Answer) => Answer {
  const { perHolder, by } = checkOptions<StreamLimitOptions>("limitStreams", options, {
    perHolder: { ...positiveInteger, required: true },
    by: { ...callable, required: true },
  });
  const open = new Map<string, number>();

  function count(holder: string, step: 1 | -1): void {
    const streams = (open.get(holder) ?? 0) + step;
    if (streams) open.set(holder, streams);
    else open.delete(holder);
  }

  return (next) => {
    check(typeof next === "function", "answer", "a function", next);
    return async (request) => {
      const response = await next(request);
      if (!isEventStream(response)) return response;
      const holder = by(request);
      if ((open.get(holder) ?? 0) >= perHolder) {
        await response.body!.cancel();
        return refuseCrowd(request, `at most ${perHolder} open streams`, 1000);
      }
      count(holder, 1);
      return tap(response, { ended: () => count(holder, -1) })[0];
    };
  };
}

function refuseCrowd(request: Request, expected: string, wait: number): Response {
  const message = `Too many requests: expected ${expected}`;
  return refuse(request, refusal("crowd", message, { retryAfter: Math.ceil(wait / 1000) }));
}
