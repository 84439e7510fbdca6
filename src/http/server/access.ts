import type { Awaitable, Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { isExposed } from "../../core/expose.ts";
import { partOf } from "./partOf.ts";
import { refusal } from "./refusal.ts";
import { exposedHeaders } from "./reply.ts";
import { isRead } from "./request.ts";
import type { Action, Scope } from "./scope.ts";

/** Decides about a request: `true` for everything, a scope for a part, anything else for nothing. */
export type Authorize = (request: Request) => Awaitable<boolean | Scope>;

/** What a request may see of a store, and do with it. */
export interface Admitted {
  readonly store: Store;
  /** What the keys begin with of the part of the store that the request may see. */
  readonly before: string;
  /** Returns whether the request may do something. */
  can(action: Action): boolean;
  /** Refuses what the request may not do. */
  allow(...actions: readonly Action[]): void;
}

/** Returns what a request may see of a store, and do with it. */
export async function admit(store: Store, request: Request, authorize: Authorize | undefined): Promise<Admitted> {
  if (!authorize && isExposed(request)) {
    const expected = 'expected an "authorize" where other machines reach the store';
    throw new StoreError("unauthorized", `Request is not authorized: ${expected}`);
  }
  const answer = authorize ? await authorize(request) : true;
  if (answer !== true && Object(answer) !== answer) {
    throw new StoreError("unauthorized", "Request is not authorized: expected valid credentials");
  }
  const { prefix: before = "", can: rights } = answer === true ? {} : (answer as Scope);
  const can = (action: Action): boolean => !rights || rights.includes(action);
  return {
    store: partOf(store, before),
    before,
    can,
    allow(...actions) {
      for (const action of actions) if (!can(action)) throw refuseAction(action);
    },
  };
}

/** Returns the refusal of a request for want of a right. */
export function refuseAction(action: string): StoreError {
  return refusal("forbidden", `Request is forbidden: expected the right to ${action}`);
}

/** The origins of pages that may use the store: all, or those of a list. */
export type Origins = "*" | readonly string[];

/** What an answer says to a browser about which pages may read it. */
export function corsHeaders({ headers }: Request, origins: Origins | undefined): Record<string, string> {
  if (!origins) return {};
  const origin = headers.get("origin");
  return {
    ...(origins === "*" ? {} : { vary: "origin" }),
    ...(isListed(origin, origins) && {
      "access-control-allow-origin": origins === "*" ? "*" : origin!,
      "access-control-expose-headers": exposedHeaders(),
    }),
  };
}

/** What a browser is answered that asks first. The headers are those it asks for: the page's origin is trusted. */
export function preflightHeaders({ headers }: Request, methods: string): Record<string, string> {
  const wanted = headers.get("access-control-request-headers");
  return {
    "access-control-allow-methods": methods,
    ...(wanted !== null && { "access-control-allow-headers": wanted }),
    "access-control-max-age": "7200",
  };
}

/**
 * Refuses a request that a page of a foreign origin makes a browser send with an effect, for which no browser would ask
 * first. The rules are those of Go's http.CrossOriginProtection.
 */
export function refuseForeign(request: Request, origins: Origins | undefined): void {
  const { headers, url } = request;
  const origin = headers.get("origin");
  if (isRead(request) || isListed(origin, origins)) return;
  const site = headers.get("sec-fetch-site");
  if (site === null ? origin === null || hostOf(origin) === hostOf(url) : ["same-origin", "none"].includes(site))
    return;
  throw refusal("forbidden", "Request comes from a page of a foreign origin: expected a listed one");
}

function isListed(origin: string | null, origins: Origins | undefined): boolean {
  return origin !== null && (origins === "*" || !!origins?.includes(origin));
}

function hostOf(url: string): string | undefined {
  return /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]?.toLowerCase();
}
