import type { Awaitable, Store } from "../core/contract.ts";
import { quote } from "../core/error.ts";
import { callable, checkOptions, positiveInteger } from "../core/options.ts";
import { admit, corsHeaders, preflightHeaders, refuseForeign, type Action, type Scope } from "./_access.ts";
import { readQuery, readTarget, refusePath } from "./_request.ts";
import { createRoutes, type Routes } from "./_routes.ts";
import { done, refusal, toResponse, writeProblem, type Method, type Reply, type Resource } from "./wire.ts";

export type { Action, Scope };

/** Who may use a store that is served, and how much of it at once. */
export interface HandlerOptions {
  /**
   * Decides about each request but a preflight: `true` lets it do everything, a scope a part, anything else is
   * `unauthorized`. @default everything is allowed to everyone
   */
  authorize?: ((request: Request) => Awaitable<boolean | Scope>) | undefined;
  /** The origins of pages that may use the store besides those of its own: `"*"` for all. @default none */
  cors?: "*" | readonly string[] | undefined;
  /** How long the body of a request may be, and the values together that a batch reads: bytes. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined;
  /** How many items a batch, and entries a page, may have. @default 10_000 */
  maxItems?: number | undefined;
  /** The path of the mount, such as "/store". @default whatever comes before the last segment of a path */
  base?: string | undefined;
  /** The store's clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
  /** Is told of each error that is answered as a fault of the server, with its cause, of which the client hears nothing. */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * Returns a function that answers requests with a store: what `remote` talks to, and whatever else speaks HTTP. It runs
 * wherever there are Request and Response, keeps no state between requests, and never rejects. Throws `bad-config`.
 */
export function handler(store: Store, options: HandlerOptions = {}): (request: Request) => Promise<Response> {
  const {
    authorize,
    cors,
    onError,
    maxBytes = 67_108_864,
    maxItems = 10_000,
    now = Date.now,
    ...rest
  } = checkOptions<HandlerOptions>("handler", options, {
    authorize: callable,
    cors: { expected: 'a list of origins, or "*"', test: (origins) => origins === "*" || isOrigins(origins) },
    maxBytes: positiveInteger,
    maxItems: positiveInteger,
    base: { expected: 'a path that begins with "/"', test: (base) => /^\/[^?#]*$/.test(base as string) },
    now: callable,
    onError: callable,
  });
  const base = rest.base?.replace(/\/+$/, "");
  const resources = createRoutes({ maxBytes, maxItems, now });

  async function answer(request: Request): Promise<Reply> {
    const { resource, query } = readTarget(request.url, base);
    if (!Object.hasOwn(resources, resource)) throw refusePath(resource);
    const routes: Routes = resources[resource as Resource];
    const methods = [...Object.keys(routes), "OPTIONS"].join(", ");
    if (request.method === "OPTIONS")
      return { ...done, headers: { allow: methods, ...(cors && preflightHeaders(request, methods)) } };
    refuseForeign(request, cors);
    const admitted = await admit(store, request, authorize);
    const route = Object.hasOwn(routes, request.method) ? routes[request.method as Method] : undefined;
    if (!route) {
      throw refusal("method", `Unknown method: expected ${methods}, got ${quote(request.method)}`, { allow: methods });
    }
    admitted.allow(...route.needs);
    return route.run({ ...admitted, request, parameters: readQuery(query, route.parameters) });
  }

  return async (request) => {
    let reply: Reply;
    try {
      reply = await answer(request);
    } catch (error) {
      reply = writeProblem(error);
      if (reply.status! >= 500) onError?.(error, request);
    }
    return toResponse(reply, request.method, corsHeaders(request, cors));
  };
}

function isOrigins(value: unknown): boolean {
  const isOrigin = (origin: unknown): boolean =>
    origin === "null" || /^[a-z][a-z\d+.-]*:\/\/[^/?#@]+$/.test(origin as string);
  return Array.isArray(value) && value.every(isOrigin);
}
