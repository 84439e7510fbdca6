import type { Change, Entry, Listed, Page } from "../core/contract.ts";
import { check, isStoreError, StoreError, type StoreErrorCode } from "../core/error.ts";

// All that the two ends have to agree on. What only the handler needs comes last, so that bundles can leave it out.

/** What there is under a mount: each name is the last segment of a path. */
export type Resource = "batch" | "changes" | "entries" | "entry" | "increment" | "sweep" | "take" | "touch";

export type Method = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT";

/** What a batch asks for: the values of some keys, to write items, or to remove keys. */
export type Batch = { find: readonly string[] } | { set: readonly BatchItem[] } | { delete: readonly string[] };
export type BatchItem = readonly [key: string, size: number, ttl: number | null];

/** What a batch of reads is answered with, a line for each key. */
export type Found = readonly (readonly [size: number, ttl: number | null] | null)[];

/** A page of a listing as it travels. */
export interface Lines {
  readonly entries: readonly (Pick<Listed, "key" | "size"> & { readonly ttl: number | null })[];
  readonly cursor?: string | undefined;
}

/** An entry with the tag of its value. */
export interface Tagged extends Entry {
  readonly etag: string | null;
}

/** The ttl of a conditional write that leaves the deadline as it is. */
export const keep = "keep";

/** How often an idle stream gives a sign of life: ms. One that is silent for three times as long is broken. */
export const heartbeat = 15_000;

const outcomeHeader = "shelflife";
const ttlHeader = "shelflife-ttl";

/** Returns the URL of a resource. The parameters are written like a form, as many clients and proxies do it. */
export function address(mount: string, resource: string, parameters: object): string {
  return `${mount}/${resource}?${new URLSearchParams(given(parameters))}`;
}

/** What the headers of a request say. */
export interface Terms {
  readonly token?: string | undefined;
  /** A lifetime in ms, absent or `Infinity` for ever: clocks differ, so a deadline never travels. */
  readonly ttl?: number | typeof keep | undefined;
  /** What a write depends on: that this is there, or, if it is `null`, nothing. */
  readonly found?: Tagged | null | undefined;
}

/** Writes the headers of a request. */
export function writeTerms({ token, ttl, found }: Terms): Record<string, string> {
  return given({
    authorization: token && `Bearer ${token}`,
    [ttlHeader]: ttl === Infinity ? undefined : ttl,
    "if-match": found?.etag,
    "if-none-match": found === null ? "*" : undefined,
  });
}

/** Leaves out what is undefined. */
function given(fields: object): Record<string, string> {
  return JSON.parse(JSON.stringify(fields));
}

/** Joins a line of JSON and values as they are, one after the other. */
export function frame(head: Batch | Found, values: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  const parts = [new TextEncoder().encode(`${JSON.stringify(head)}\n`), ...values];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Takes a frame apart: its head, and a function that cuts off the next value, of a given size. Throws if it is cut short. */
export function unframe(bytes: Uint8Array): [head: any, next: (size: number) => Uint8Array] {
  let at = bytes.indexOf(10) + 1;
  return [readJson(bytes.subarray(0, at)), (size) => whole(bytes.slice(at, (at += size)), size)];
}

/** Reads JSON. Throws if it is none, or no UTF-8. */
export function readJson(bytes: Uint8Array): any {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

function whole(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError("Cut short");
  return bytes;
}

// The remote's side: how it reads answers. `start` is when it asked, by its own clock.

/** Returns what came of a request: `ok`, the code of an error, or `null` when the answer is a stranger's. */
export function readOutcome({ headers }: Response): string | null {
  return headers.get(outcomeHeader);
}

/** Reads a body. Throws if it is cut short. */
export async function readBytes(response: Response, method: Method): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { headers } = response;
  // HEAD tells the length of what it leaves out, and a proxy that compresses the length of something else.
  const isTold = method !== "HEAD" && !headers.has("content-encoding");
  return whole(bytes, Number((isTold && headers.get("content-length")) || bytes.length));
}

/** Rebuilds the error that a problem document (RFC 9457) tells of. The answer to HEAD has none. */
export function readProblem(code: string, bytes: Uint8Array): StoreError {
  const { detail = code, key } = bytes.length ? readJson(bytes) : {};
  return new StoreError(code as StoreErrorCode, detail, { key });
}

/** Reads an entry, or as much of one as the answer tells. */
export function readEntry(value: Uint8Array, start: number, headers: Headers): Tagged {
  return { value, expiresAt: deadline(headers.get(ttlHeader), start), etag: headers.get("etag") };
}

export function readFound(bytes: Uint8Array, start: number): (Entry | undefined)[] {
  const [head, next] = unframe(bytes);
  return (head as Found).map((line) =>
    line ? { value: next(line[0]), expiresAt: deadline(line[1], start) } : undefined,
  );
}

export function readPage(bytes: Uint8Array, start: number): Page {
  const page: Lines = readJson(bytes);
  const entries = page.entries.map(({ key, size, ttl }) => ({ key, size, expiresAt: deadline(ttl, start) }));
  return { ...(page as { cursor: string }), entries };
}

/** Returns when a value expires that has so long left; rounded so as not to be late. Throws if that is no number. */
function deadline(ttl: string | number | null, start: number): number {
  return Math.floor(start + (JSON.parse(ttl as string) ?? Infinity));
}

/** Reads the next part of a stream of server-sent events, after what was left of the one before; returns what is left. */
export function readChanges(text: string, changed: (change: Change) => void): string {
  const lines = text.split("\n");
  const rest = lines.pop()!;
  for (const line of lines) if (line.startsWith("data: ")) changed(JSON.parse(line.slice(6)));
  return rest;
}

// The handler's side.

/** An answer before it becomes a Response. Without a status it is 200, without an outcome `ok`. */
export interface Reply {
  readonly status?: number;
  readonly outcome?: StoreErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}

const statuses: Readonly<Record<StoreErrorCode, number>> = {
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
const reasons = {
  path: [404, "invalid-argument"],
  method: [405, "invalid-argument"],
  forbidden: [403, "unauthorized"],
  condition: [412, "conflict"],
  size: [413, "quota-exceeded"],
  encoding: [415, "invalid-argument"],
  internal: [500, "unavailable"],
} as const;

const refusals = new WeakMap<object, Reply>();

/** Returns an error that knows its status. */
export function refusal(
  reason: keyof typeof reasons,
  message: string,
  more: { key?: string; allow?: string } = {},
): StoreError {
  const [status, code] = reasons[reason];
  const { key, allow } = more;
  const error = new StoreError(code, message, { key });
  refusals.set(error, { status, headers: allow === undefined ? {} : { allow } });
  return error;
}

/** Returns what a page of another origin has to be shown of an answer so that it can read it. */
export function exposedHeaders(): string {
  return ["content-encoding", "etag", outcomeHeader, ttlHeader].join(", ");
}

/** The answer that has nothing to say but that it is done. */
export const done: Reply = { status: 204 };

/** Writes an error as a problem document (RFC 9457) with the code and the key. What is no store's error stays inside. */
export function writeProblem(error: unknown): Reply {
  const isKnown = isStoreError(error) && Object.hasOwn(statuses, error.code);
  const known = isKnown ? error : refusal("internal", "Store failed: expected no error but a StoreError");
  // A store that is closed is an outage to those who are far away: theirs is open.
  const code = known.code === "closed" ? "unavailable" : known.code;
  const challenge: Reply["headers"] = code === "unauthorized" ? { "www-authenticate": "Bearer" } : {};
  const { status, headers } = refusals.get(known) ?? { status: statuses[code], headers: challenge };
  // Of the type "about:blank", whose title would be the status's own phrase: the code says more.
  const reply = writeJson({ title: code, status, detail: known.message, code, key: known.key });
  return {
    ...reply,
    status: status!,
    outcome: code,
    headers: { ...headers, "content-type": "application/problem+json" },
  };
}

export function writeJson(value: unknown): Reply {
  return { headers: { "content-type": "application/json" }, body: new TextEncoder().encode(JSON.stringify(value)) };
}

export function writeFrame(head: Found, values: readonly Uint8Array[]): Reply {
  return { headers: { "content-type": "application/vnd.shelflife.frame" }, body: frame(head, values) };
}

/** Writes a value, or that it is still the one of a tag that the client has. */
export function writeEntry(value: Uint8Array, ttl: number, etag?: string, isKnown = false): Reply {
  const headers = { ...writeTerms({ ttl }), ...(etag && { etag }) };
  if (isKnown) return { status: 304, headers };
  return {
    headers: { ...headers, "content-type": "application/octet-stream" },
    body: value as Uint8Array<ArrayBuffer>,
  };
}

/** Writes a stream of server-sent events. nginx would hold it back if it were not told. */
export function writeStream(body: ReadableStream<Uint8Array<ArrayBuffer>>): Reply {
  return { headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" }, body };
}

/** Writes a change as an event, or none as a comment, which says that the stream lives. */
export function writeEvent(change?: Change): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${change ? `data: ${JSON.stringify(change)}` : ":"}\n\n`);
}

/** Makes a Response of a reply, marked as a handler's own. */
export function toResponse(reply: Reply, method: string, more: Reply["headers"]): Response {
  const { status = 200, outcome = "ok", body = null } = reply;
  const headers: Record<string, string> = {
    ...reply.headers,
    ...more,
    [outcomeHeader]: outcome,
    "cache-control": "no-store, no-transform",
    "x-content-type-options": "nosniff",
  };
  if (body && "length" in body) headers["content-length"] = String(body.length);
  return new Response(method === "HEAD" ? null : body, { status, headers });
}

/** Reads the lifetime that a request asks for: ms, `Infinity`, or `keep`. Throws `invalid-argument`. */
export function readTtl({ headers }: Request): number | typeof keep {
  const text = headers.get(ttlHeader);
  if (text === null) return Infinity;
  if (text === keep) return keep;
  check(/^\d+(\.\d+)?$/.test(text) && Number(text) > 0, "ttl", "a number of ms above 0", text);
  return Number(text);
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
