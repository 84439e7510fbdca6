import type { Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { callable, checkOptions, milliseconds } from "../core/options.ts";
import { longestDelay } from "../core/timers.ts";
import { jsonType } from "../http/wire/json.ts";

/** When a store counts as ready. */
export interface HealthOptions {
  /** How long it may take to answer: ms. @default 2000 */
  within?: number | undefined;
  /** How long one answer of it is good for, so that frequent requests cost nothing: ms. @default 1000 */
  maxAge?: number | undefined;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** Reports to a supervisor how a server is. */
export interface Health {
  /**
   * Answers `/health`: the process is there, and `/ready`: so is its store, or else 503. For any other path it returns
   * `undefined`. It says nothing of why, so it can be open to everyone.
   */
  answer(request: Request): Promise<Response> | undefined;
  /** From here on it is not ready: what spreads the load is to send no more of it. */
  drain(): void;
}

/**
 * Returns what answers for the health of a served store.
 *
 * @example Answers a supervisor.
 * ```ts
 * import { memory } from "shelflife";
 * import { health } from "shelflife/service/health";
 *
 * const { answer, drain } = health(memory());
 * console.log((await answer(new Request("https://app.example/ready")))?.status); // 200
 * drain();
 * console.log((await answer(new Request("https://app.example/ready")))?.status); // 503
 * ```
 */
export function health(store: Store, options: HealthOptions = {}): Health {
  check(typeof store?.has === "function", "store", "a store", store);
  const {
    within = 2000,
    maxAge = 1000,
    now = () => Date.now(),
  } = checkOptions<HealthOptions>("health", options, { within: milliseconds, maxAge: milliseconds, now: callable });
  let isDraining = false;
  let asked: { readonly at: number; readonly isReady: Promise<boolean> } | undefined;

  async function ask(): Promise<boolean> {
    try {
      // Any key will do: what is asked is whether there is an answer.
      await store.has("ready", { signal: AbortSignal.timeout(Math.min(Math.ceil(within), longestDelay)) });
      return true;
    } catch {
      return false;
    }
  }

  function isReady(): Promise<boolean> {
    const time = now();
    if (!asked || Math.abs(time - asked.at) >= maxAge) asked = { at: time, isReady: ask() };
    return asked.isReady;
  }

  return {
    answer(request) {
      const path = /^[^?#]*/.exec(request.url)![0];
      if (path.endsWith("/health")) return Promise.resolve(write(request, true));
      if (!path.endsWith("/ready")) return undefined;
      if (isDraining) return Promise.resolve(write(request, false));
      return isReady().then((isUp) => write(request, isUp && !isDraining));
    },
    drain() {
      isDraining = true;
    },
  };
}

function write({ method }: Request, isUp: boolean): Response {
  const headers = { "content-type": jsonType, "cache-control": "no-store" };
  if (method !== "GET" && method !== "HEAD")
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  const body = method === "HEAD" ? null : JSON.stringify({ status: isUp ? "ok" : "unavailable" });
  return new Response(body, { status: isUp ? 200 : 503, headers });
}
