import type { Change } from "../../core/contract.ts";
import { check, isStoreError, StoreError, type StoreErrorCode } from "../../core/error.ts";
import { longestDelay } from "../../core/timers.ts";
import { isDirect, lazyResponse } from "./lazyResponse.ts";
import {
  frame,
  keep,
  lastHeader,
  onceHeader,
  outcomeHeader,
  timeoutHeader,
  ttlHeader,
  type Found,
  type Problem,
  type Results,
} from "../wire.ts";

// How the handler reads requests and writes answers: the other half of what wire.ts spells.

/** An answer before it becomes a Response. Without a status it is 200, without an outcome `ok`. */
export interface Reply {
  readonly status?: number;
  readonly outcome?: StoreErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** The status that an error of a store is answered with. */
export const statuses: Readonly<Record<StoreErrorCode, number>> = {
  "not-found": 404,
  "invalid-argument": 400,
  unauthorized: 401,
  conflict: 409,
  "cant-decode": 422,
  "cant-encode": 422,
  "bad-config": 500,
  unsupported: 501,
  closed: 503,
  unavailable: 503,
  "quota-exceeded": 507,
};

/** Why a request is refused before a store is asked, or on a condition of its own. */
export const reasons = {
  path: [404, "invalid-argument"],
  method: [405, "invalid-argument"],
  forbidden: [403, "unauthorized"],
  condition: [412, "conflict"],
  size: [413, "quota-exceeded"],
  encoding: [415, "invalid-argument"],
  reuse: [422, "invalid-argument"],
  running: [409, "conflict"],
  crowd: [429, "unavailable"],
  late: [503, "unavailable"],
  internal: [500, "unavailable"],
} as const;

const refusals = new WeakMap<object, Reply>();

/** Returns an error that knows its status. */
export function refusal(
  reason: keyof typeof reasons,
  message: string,
  more: { key?: string; allow?: string; retryAfter?: number } = {},
): StoreError {
  const [status, code] = reasons[reason];
  const { key, allow, retryAfter } = more;
  const error = new StoreError(code, message, { key });
  const headers = {
    ...(allow !== undefined && { allow }),
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
  };
  refusals.set(error, { status, headers });
  return error;
}

/** The type of a value that was written without one. */
export const plainType = "application/octet-stream";
export const jsonType = "application/json";
export const problemType = "application/problem+json";
export const frameType = "application/vnd.shelflife.frame";
export const streamType = "text/event-stream";

/** Returns what a page of another origin has to be shown of an answer so that it can read it. */
export function exposedHeaders(): string {
  return ["content-encoding", "etag", lastHeader, outcomeHeader, "retry-after", ttlHeader].join(", ");
}

/** The answer that has nothing to say but that it is done. */
export const done: Reply = { status: 204 };

/** Writes an error as a problem document (RFC 9457) with the code and the key. What is no store's error stays inside. */
export function writeProblem(error: unknown): Reply {
  const known = toKnown(error);
  const { code } = toProblem(known);
  const challenge: Reply["headers"] = code === "unauthorized" ? { "www-authenticate": "Bearer" } : {};
  const { status, headers } = refusals.get(known) ?? { status: statuses[code], headers: challenge };
  // Of the type "about:blank", whose title would be the status's own phrase: the code says more.
  const reply = writeJson({ title: code, status, detail: known.message, code, key: known.key });
  return {
    ...reply,
    status: status!,
    outcome: code,
    headers: { ...headers, "content-type": problemType },
  };
}

/** Returns an error as it may be told. */
function toKnown(error: unknown): StoreError {
  const isKnown = isStoreError(error) && Object.hasOwn(statuses, error.code);
  return isKnown ? error : refusal("internal", "Store failed: expected no error but a StoreError");
}

/** Returns what is told of an error, where it is one of several. */
export function toProblem(error: unknown): Problem {
  const { code, message, key } = toKnown(error);
  // A store that is closed is an outage to those who are far away: theirs is open.
  return { code: code === "closed" ? "unavailable" : code, detail: message, key };
}

export function writeJson(value: unknown): Reply {
  return { headers: { "content-type": jsonType }, body: new TextEncoder().encode(JSON.stringify(value)) };
}

export function writeFrame(head: Found | Results, values: readonly Uint8Array[]): Reply {
  return { headers: { "content-type": frameType }, body: frame(head, values) };
}

/** Writes a value, or that it is still the one of a tag that the client has. */
export function writeEntry(value: Uint8Array, ttl: number, etag?: string, isKnown = false): Reply {
  const headers = { ...(ttl < Infinity && { [ttlHeader]: String(ttl) }), ...(etag && { etag }) };
  if (isKnown) return { status: 304, headers };
  return {
    headers: { ...headers, "content-type": plainType },
    body: value as Uint8Array<ArrayBuffer>,
  };
}

/**
 * Gives a value the type that it was written with. Whoever wrote it could be anybody: a browser shows it without running
 * anything of it, and takes it for no program of a page.
 */
export function writeType(reply: Reply, type: string, { headers }: Request): Reply {
  if (!reply.body || /script|work|xslt/.test(headers.get("sec-fetch-dest") ?? "")) return reply;
  const more = {
    "content-type": type,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  };
  return { ...reply, headers: { ...reply.headers, ...more } };
}

/** Writes a stream of server-sent events after an id. nginx would hold it back if it were not told. */
export function writeStream(body: ReadableStream<Uint8Array<ArrayBuffer>>, last: string): Reply {
  return { headers: { "content-type": streamType, "x-accel-buffering": "no", [lastHeader]: last }, body };
}

/** Writes a change as an event. */
export const writeEvent = (id: string, change: Change): string => `id: ${id}\ndata: ${JSON.stringify(change)}\n\n`;

/** Writes an event that says that changes may be missing before an id. A browser tells of none that has no data. */
export const writeResync = (id: string): string => `event: resync\nid: ${id}\ndata: null\n\n`;

/** Writes how far a stream has come, which also says that it lives. Browsers tell nobody but remember it. */
export const writeSign = (id: string): string => `id: ${id}\n\n`;

/** Makes a Response of a reply, marked as a handler's own. */
export function toResponse(reply: Reply, request: Request, more: Reply["headers"]): Response {
  const { status = 200, outcome = "ok", body = null } = reply;
  const headers: Record<string, string> = {
    ...reply.headers,
    ...more,
    [outcomeHeader]: outcome,
    "cache-control": "no-store, no-transform",
    "x-content-type-options": "nosniff",
  };
  if (body && "length" in body) headers["content-length"] = String(body.length);
  const sent = request.method === "HEAD" ? null : body;
  if (isDirect(request) && !(sent instanceof ReadableStream)) return lazyResponse({ status, headers, body: sent });
  return new Response(sent, { status, headers });
}

/** Reads the lifetime that a request asks for: ms, `Infinity`, or `keep`. Throws `invalid-argument`. */
export function readTtl({ headers }: Request): number | typeof keep {
  const text = headers.get(ttlHeader);
  if (text === null) return Infinity;
  if (text === keep) return keep;
  check(/^\d+(\.\d+)?$/.test(text) && Number(text) > 0, "ttl", "a number of ms above 0", text);
  return Number(text);
}

const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+([ \t]*;([ \t]*[\w!#$%&'*+.^`|~-]+=([\w!#$%&'*+.^`|~-]+|"([ !#-[\]-~]|\\[ -~])*"))?)*$/;

/** Whether something is the type of a body, with its parameters. */
export function isMediaType(value: unknown): value is string {
  return typeof value === "string" && value.length <= 255 && mediaType.test(value);
}

/** Reads the type of a body, if the request tells one. Throws `invalid-argument`. */
export function readType({ headers }: Request): string | undefined {
  const text = headers.get("content-type");
  if (!text) return undefined;
  check(isMediaType(text), "content type", "a media type of at most 255 characters, such as text/plain", text);
  return text;
}

/** Reads how long the client waits: ms, or nothing. Throws `invalid-argument`. */
export function readTimeout({ headers }: Request): number | undefined {
  const text = headers.get(timeoutHeader);
  if (text === null) return undefined;
  check(/^\d+(\.\d+)?$/.test(text), "timeout", "a number of ms", text);
  return Math.min(Number(text), longestDelay);
}

/** Reads the name under which a request is to be applied once, if it has one. Throws `invalid-argument`. */
export function readOnce({ headers }: Request): string | undefined {
  const text = headers.get(onceHeader);
  if (text === null) return undefined;
  check(/^[!-~]{1,255}$/.test(text), "idempotency key", "1 to 255 visible ASCII characters", text);
  return text;
}

/** What a request says about the tag of what is there, `undefined` for nothing. */
export interface Conditions {
  /** Whether it says anything. */
  readonly any: boolean;
  /** Whether it has to be, and is not, one of those that the client names. */
  misses(etag: string | undefined): boolean;
  /** Whether it is one of those that the client knows already, or does not want to be there. */
  knows(etag: string | undefined): boolean;
}

/** Reads the conditions of a request. A tag that a proxy made weak by compressing an answer means the same bytes. */
export function readConditions({ headers }: Request): Conditions {
  const [wanted, known] = ["if-match", "if-none-match"].map((name) => {
    const tags = headers.get(name)?.replaceAll("W/", "").split(/\s*,\s*/); // prettier-ignore
    return tags && ((etag: string | undefined) => etag !== undefined && (tags.includes("*") || tags.includes(etag)));
  });
  return {
    any: !!(wanted ?? known),
    misses: (etag) => !!wanted && !wanted(etag),
    knows: (etag) => !!known && known(etag),
  };
}
