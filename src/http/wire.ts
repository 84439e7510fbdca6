import type { Change, Entry, Listed, Page } from "../core/contract.ts";
import { StoreError, type StoreErrorCode } from "../core/error.ts";

// All that the two ends have to agree on, and how the remote reads answers. How the handler writes them is in _reply.ts.

/** What there is under a mount: each name is the last segment of a path. */
export type Resource = "batch" | "changes" | "entries" | "entry" | "increment" | "sweep" | "take" | "touch";

export type Method = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT";

/**
 * What a batch asks for: the values of some keys, to write items, or to remove keys, each of these all or nothing; or calls
 * that have nothing to do with one another.
 */
export type Batch =
  | { find: readonly string[] }
  | { set: readonly BatchItem[] }
  | { delete: readonly string[] }
  | { calls: readonly BatchCall[] };
export type BatchItem = readonly [key: string, size: number, ttl: number | null];
export type BatchCall =
  | readonly [name: "get" | "has" | "delete" | "take", key: string]
  | readonly [name: "set", key: string, size: number, ttl: number | null]
  | readonly [name: "increment", key: string, by: number, ttl: number | null]
  | readonly [name: "touch", key: string, ttl: number | null];

/** What a batch of reads is answered with, a line for each key. */
export type Found = readonly (FoundLine | null)[];
type FoundLine = readonly [size: number, ttl: number | null];

/**
 * What a batch of calls is answered with, a line for each: a value, `null` for none, what else a call resolves with, a
 * problem, or `alone` for one that was not made since the answer is large already.
 */
export type Results = readonly (FoundLine | null | number | boolean | Problem | typeof alone)[];
export const alone = "alone";

/** A problem document (RFC 9457), as far as it is read. */
export interface Problem {
  readonly code: StoreErrorCode;
  readonly detail: string;
  readonly key?: string | undefined;
}

/** What a poll for changes is answered with: those after an id, and the id of the last. */
export interface Polled {
  readonly changes: readonly Change[];
  readonly last: string;
  /** Changes may be missing. */
  readonly resync?: boolean;
}

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

export const outcomeHeader = "shelflife";
export const ttlHeader = "shelflife-ttl";
/** How long the client still waits for the answer: ms. */
export const timeoutHeader = "shelflife-timeout";
/** A name that no other request has: under it a write is applied once. */
export const onceHeader = "idempotency-key";
/** The id of the change before the first of a stream. */
export const lastHeader = "shelflife-last";

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
  /** How long the client still waits for the answer: ms. */
  readonly timeout?: number | undefined;
  /** A name that no other request has, for one that must not be applied twice. */
  readonly once?: string | undefined;
  /** The type of the answer, where there is a choice. */
  readonly accept?: string | undefined;
}

/** Writes the headers of a request. */
export function writeTerms({ token, ttl, found, timeout, once, accept }: Terms): Record<string, string> {
  return given({
    accept,
    authorization: token && `Bearer ${token}`,
    [ttlHeader]: ttl === Infinity ? undefined : ttl,
    [timeoutHeader]: timeout === Infinity ? undefined : timeout,
    [onceHeader]: once,
    "if-match": found?.etag,
    "if-none-match": found === null ? "*" : undefined,
  });
}

/** Leaves out what is undefined. */
function given(fields: object): Record<string, string> {
  return JSON.parse(JSON.stringify(fields));
}

/** Joins a line of JSON and values as they are, one after the other. */
export function frame(head: unknown, values: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
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

function whole<Parts extends { readonly length: number }>(parts: Parts, length: number): Parts {
  if (parts.length !== length) throw new RangeError("Cut short");
  return parts;
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

/** Returns how long an answer asks to wait before the next request: ms, or nothing. */
export function readRetryAfter({ headers }: Response): number | undefined {
  const text = headers.get("retry-after");
  if (!text) return undefined;
  return +text >= 0 ? +text * 1000 : Math.max(0, Date.parse(text) - Date.now()) || undefined;
}

/** Reads a problem document. The answer to HEAD has none. */
export function readProblem(code: string, bytes: Uint8Array): StoreError {
  return toError({ detail: code, ...(bytes.length ? readJson(bytes) : {}), code });
}

/** Rebuilds the error that a problem tells of. */
export function toError({ code, detail, key }: Problem): StoreError {
  return new StoreError(code, detail, { key: typeof key === "string" ? key : undefined });
}

/** Reads an entry, or as much of one as the answer tells. */
export function readEntry(value: Uint8Array, start: number, headers: Headers): Tagged {
  return { value, expiresAt: deadline(headers.get(ttlHeader), start), etag: headers.get("etag") };
}

/** Reads the answer to so many keys. Throws if it is another. */
export function readFound(bytes: Uint8Array, start: number, count: number): (Entry | undefined)[] {
  const [head, next] = unframe(bytes);
  return whole(head as Found, count).map((line) =>
    line ? { value: next(line[0]), expiresAt: deadline(line[1], start) } : undefined,
  );
}

/** Reads the answer to a batch of so many calls: what each resolved with, its error, or `alone`. Throws if it is another. */
export function readResults(bytes: Uint8Array, start: number, count: number): unknown[] {
  const [head, next] = unframe(bytes);
  return whole(head as Results, count).map((line) => {
    if (Array.isArray(line)) return { value: next(line[0]), expiresAt: deadline(line[1], start) };
    return Object(line) === line ? toError(line as Problem) : (line ?? undefined);
  });
}

/** Returns the id of the change before the first of a stream. */
export function readLast(headers: Headers): string {
  return headers.get(lastHeader)!;
}

export function readPage(bytes: Uint8Array, start: number): Page {
  const page: Lines = readJson(bytes);
  const entries = page.entries.map(({ key, size, ttl }) => ({ key, size, expiresAt: deadline(ttl, start) }));
  return { ...(page as { cursor: string }), entries };
}

/** Returns when a value expires that has so long left; rounded so as not to be late. Throws if that is no number. */
function deadline(ttl: string | number | null, start: number): number {
  const left = JSON.parse(ttl as string) ?? Infinity;
  if (typeof left !== "number") throw new TypeError("No number");
  return Math.floor(start + left);
}

/** What is told of an event in a stream of changes: a change, or that some may be missing. */
export interface EventSink {
  changed(change: Change): void;
  resync(): void;
  /** The stream has come so far. */
  reached(id: string): void;
}

/** Reads the next part of a stream of server-sent events, after what was left of the one before; returns what is left. */
export function readEvents(text: string, sink: EventSink): string {
  const events = text.split("\n\n");
  const rest = events.pop()!;
  for (const event of events) {
    const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: ([^]*)/, 2)));
    if (fields.event) sink.resync();
    if (fields.data) sink.changed(JSON.parse(fields.data));
    if (fields.id) sink.reached(fields.id);
  }
  return rest;
}
