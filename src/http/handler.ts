import type { Awaitable, Store } from "../core/contract.ts";
import { check, quote } from "../core/error.ts";
import { historyRule, readHistory, type HistoryOptions } from "../core/history.ts";
import { callable, checkOptions, milliseconds, positiveInteger, type Rule } from "../core/options.ts";
import { toBytes } from "../core/value.ts";
import { admit, corsHeaders, preflightHeaders, refuseForeign } from "./server/access.ts";
import type { Ask } from "./server/ask.ts";
import { createFeed } from "./server/feed.ts";
import { createHash } from "./server/hash.ts";
import { createIdempotency } from "./server/idempotency.ts";
import { lineRoom } from "./server/limits.ts";
import { createTypes, withNotes } from "./server/mediaTypes.ts";
import { mediumLogOf } from "./server/mediumLog.ts";
import { refusal, writeProblem } from "./server/refusal.ts";
import { createReplicas } from "./server/replicas.ts";
import { done, toResponse, type Reply } from "./server/reply.ts";
import { isRead, readBody, readQuery, readTarget, refusePath, type Target } from "./server/request.ts";
import { readIdempotencyKey, readTimeout } from "./server/requestHeaders.ts";
import type { Route, Routes } from "./server/route.ts";
import { createRoutes } from "./server/routes.ts";
import type { Action, Scope } from "./server/scope.ts";
import { refuseLate, startTimeout } from "./server/timeout.ts";
import { ttlHeader } from "./wire/headers.ts";
import type { Method, Resource } from "./wire/resource.ts";
import { keep } from "./wire/ttl.ts";

export type { Action, HistoryOptions, Scope };

/** Access to a store that is served, and how much of it may be used at once. */
export interface HandlerOptions {
  /**
   * Decides about each request but a preflight: `true` lets it do everything, a scope a part, anything else is
   * `unauthorized`. @default everything is allowed to everyone, but nothing on a `listen` that other machines reach
   */
  authorize?: ((request: Request) => Awaitable<boolean | Scope>) | undefined;
  /** The origins of pages that may use the store besides those of its own: `"*"` for all. @default none */
  cors?: "*" | readonly string[] | undefined;
  /** How long the body of a request may be, and the values together that a batch reads: bytes. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined;
  /** How many items a batch, and entries a page, may have. @default 10_000 */
  maxItems?: number | undefined;
  /** How many streams of changes may be open. @default 1_000 */
  maxStreams?: number | undefined;
  /** How long after its end a stream of changes can be resumed: ms. @default 60_000 */
  resumeWithin?: number | undefined;
  /**
   * How much of what changes this process remembers for clients that come back, of a store whose medium keeps no log of its
   * own (the option `history` of SQLite and Valkey): `true` is as much as those do by default. @default 10,000 changes, for as
   * long as `resumeWithin`
   */
  history?: boolean | HistoryOptions | undefined;
  /**
   * Remembers for a day which requests with an `Idempotency-Key` were applied, and their answers, so that one that is
   * repeated is applied once, whichever handler gets it and also after a restart; and for 90 days the last push of each
   * replica. It must not be served itself.
   * @default 10,000 requests and 10,000 replicas are remembered in this process
   */
  requests?: Store | undefined;
  /**
   * Remembers of which content type a value is that was written with one, under the same key and for as long as the value
   * lives, for all handlers that share it and across restarts. It must not be served itself.
   * @default those of the last 10,000 such keys are remembered in this process
   */
  types?: Store | undefined;
  /** The path of the mount, such as "/store". @default whatever comes before the last segment of a path */
  base?: string | undefined;
  /** The store's clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
  /** Called with each error that is answered as a fault of the server, with its cause, which the client does not see. */
  onError?: ((error: unknown, request?: Request) => void) | undefined;
}

/**
 * Returns a function that answers requests with a store: what `remote` talks to, and whatever else speaks HTTP. It runs
 * wherever there are Request and Response, and rejects only what is no Request. Between requests it keeps only what
 * makes them resumable: the last changes, and the answers to the last requests and pushes that have a name. Throws
 * `bad-config`, and `invalid-argument` for what is no store.
 *
 * @example Answers a request with a store.
 * ```ts
 * import { memory } from "shelflife";
 * import { handler } from "shelflife/http/handler";
 *
 * const answer = handler(memory(), { base: "/store" });
 * const url = "https://app.example/store/entry?key=greeting";
 * await answer(new Request(url, { method: "PUT", body: "hello", headers: { "shelflife-ttl": "60000" } }));
 * console.log(await (await answer(new Request(url))).text()); // hello
 * ```
 */
export function handler(store: Store, options: HandlerOptions = {}): (request: Request) => Promise<Response> {
  check(typeof store?.get === "function", "store", "a store", store);
  const {
    authorize,
    cors,
    onError,
    maxBytes = 67_108_864,
    maxItems = 10_000,
    maxStreams = 1000,
    resumeWithin = 60_000,
    history,
    requests,
    types,
    now = () => Date.now(),
    ...rest
  } = checkOptions<HandlerOptions>("handler", options, {
    authorize: callable,
    cors: { expected: 'a list of origins, or "*"', test: (origins) => origins === "*" || isOrigins(origins) },
    maxBytes: positiveInteger,
    maxItems: positiveInteger,
    maxStreams: positiveInteger,
    resumeWithin: milliseconds,
    history: historyRule,
    requests: aStore,
    types: aStore,
    base: { expected: 'a path that begins with "/"', test: (base) => /^\/[^?#]*$/.test(base as string) },
    now: callable,
    onError: callable,
  });
  const base = rest.base && /^(.*[^/])?/s.exec(rest.base)![0];
  const report = (error: unknown): void => onError?.(error);
  const served = types ? withNotes(store, types, report) : store;
  const hash = createHash();
  const medium = mediumLogOf(store, hash);
  const feed = createFeed(store, { resumeWithin, history: readHistory(history), medium });
  const resources = createRoutes(
    { maxBytes, maxItems, maxStreams },
    {
      feed,
      medium,
      types: createTypes(types),
      replicas: createReplicas(requests, now, report),
    },
  );
  const applyOnce = createIdempotency(requests, now, report);

  /** Does what a route is for; its errors are answers too. */
  async function run(route: Pick<Route, "run">, ask: Ask): Promise<Reply> {
    const { request, signal } = ask;
    try {
      return await route.run(ask);
    } catch (error) {
      return refuse(signal?.aborted && error === signal.reason ? refuseLate() : error, request);
    }
  }

  function refuse(error: unknown, request: Request): Reply {
    const reply = writeProblem(error);
    if (reply.status! >= 500) onError?.(error, request);
    return reply;
  }

  /** Does what a route is for once, however often it is asked for under a name. */
  async function runNamed(name: string, route: Route, ask: Ask, { resource, query }: Target): Promise<Reply> {
    const { request } = ask;
    // Read before it is noted: what was cut off on the way here was never begun.
    const prepared = await route.prepare?.(ask);
    const content = prepared ? await prepared.content() : await hash(await ask.body());
    // Nothing is applied, and the name is left to those who may.
    if (content === undefined) return run(prepared!, ask);
    const fingerprint = JSON.stringify([request.method, resource, query, content, headersOf(request, route.headers)]);
    const id = `${ask.before}\n${name}`;
    return applyOnce(await hash(toBytes(id)), await hash(toBytes(fingerprint)), () => run(prepared ?? route, ask));
  }

  async function answer(request: Request): Promise<Reply> {
    const target = readTarget(request.url, base);
    const { resource } = target;
    if (!Object.hasOwn(resources, resource)) throw refusePath(resource);
    const routes: Routes = resources[resource as Resource];
    const methods = [...Object.keys(routes), "OPTIONS"].join(", ");
    if (request.method === "OPTIONS")
      return { ...done, headers: { allow: methods, ...(cors && preflightHeaders(request, methods)) } };
    refuseForeign(request, cors);
    const admitted = await admit(served, request, authorize);
    const route = Object.hasOwn(routes, request.method) ? routes[request.method as Method] : undefined;
    if (!route) {
      throw refusal("method", `Unknown method: expected ${methods}, got ${quote(request.method)}`, { allow: methods });
    }
    admitted.allow(...route.needs(request));
    const time = readTimeout(request);
    const timeout = time === undefined ? undefined : startTimeout(time);
    try {
      let reading: Promise<Uint8Array> | undefined;
      const ask: Ask = {
        ...admitted,
        hash,
        now,
        request,
        parameters: readQuery(target.query, route.parameters),
        signal: timeout?.signal,
        body: () => (reading ??= readBody(request, maxBytes + (resource === "batch" ? lineRoom : 0))),
      };
      const name = isRead(request) ? undefined : readIdempotencyKey(request);
      return await (name === undefined ? run(route, ask) : runNamed(name, route, ask, target));
    } finally {
      timeout?.end();
    }
  }

  return async (request) => {
    check(typeof request?.headers?.get === "function", "request", "a Request", request);
    const reply = await answer(request).catch((error: unknown) => refuse(error, request));
    return toResponse(reply, request, corsHeaders(request, cors));
  };
}

/** Returns the headers by which a request differs from others, as they stay when it is repeated: lifetimes shrink meanwhile. */
function headersOf({ headers }: Request, names: readonly string[]): readonly (string | null)[] {
  return names.map((name) => {
    const text = headers.get(name);
    return name === ttlHeader && text !== null && text !== keep ? "" : text;
  });
}

const aStore: Rule = {
  expected: "a store",
  test: (store) => typeof (store as Partial<Store>).setIfAbsent === "function",
};

function isOrigins(value: unknown): boolean {
  const isOrigin = (origin: unknown): boolean =>
    origin === "null" || /^[a-z][a-z\d+.-]*:\/\/[^/?#@]+$/.test(origin as string);
  return Array.isArray(value) && value.every(isOrigin);
}
