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
  | readonly [name: "get" | "getTagged" | "has" | "delete" | "take", key: string]
  | readonly [name: "set", key: string, size: number, ttl: number | null]
  | readonly [name: "increment", key: string, by: number, ttl: number | null]
  | readonly [name: "touch", key: string, ttl: number | null]
  // Puts a value, or nothing, in the place of the one of a tag, or of nothing.
  | readonly [name: "swap", key: string, size: number | null, tag: string | null, ttl: number | null | typeof keep];

/** What a batch of reads is answered with, a line for each key. */
export type Found = readonly (FoundLine | null)[];
type FoundLine = readonly [size: number, ttl: number | null, tag?: string];

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

/** An entry with the tag of its value, if that was asked for. */
export interface Tagged extends Entry {
  readonly tag?: string | undefined;
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
  return [
    readJson(bytes.subarray(0, at)),
    (size) => {
      const value = bytes.slice(at, (at += size));
      expect(value.length === size);
      return value;
    },
  ];
}

/** Reads JSON. Throws if it is none, or no UTF-8. */
export function readJson(bytes: Uint8Array): any {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

function expect(isSo: boolean): void {
  if (!isSo) throw new RangeError("Cut short");
}

// The remote's side: how it reads answers. `start` is when it asked, by its own clock.

/** Reads a body. Throws if it is cut short. */
export async function readBytes(response: Response): Promise<Uint8Array> {
  const { headers } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A proxy that compresses tells the length of something else.
  const told = !headers.has("content-encoding") && headers.get("content-length");
  expect(!told || +told === bytes.length);
  return bytes;
}

/** Returns how long an answer asks to wait before the next request: ms, or nothing. */
export function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (!text) return undefined;
  return +text >= 0 ? +text * 1000 : Math.max(0, Date.parse(text) - Date.now()) || undefined;
}

/** Reads a problem document. */
export function readProblem(code: string, bytes: Uint8Array): StoreError {
  return toError({ ...readJson(bytes), code });
}

/** Rebuilds the error that a problem tells of. */
function toError({ code, detail, key }: Problem): StoreError {
  return new StoreError(code, detail, { key: typeof key === "string" ? key : undefined });
}

/** Reads the answer to a batch of so many calls: what each resolved with, its error, or `alone`. Throws if it is another. */
export function readResults(bytes: Uint8Array, start: number, count: number): unknown[] {
  const [head, next] = unframe(bytes);
  expect(head.length === count);
  return (head as Results).map((line) => {
    expect(line !== alone || count > 1);
    if (Array.isArray(line)) return { value: next(line[0]), expiresAt: deadline(line[1], start), tag: line[2] };
    return Object(line) === line ? toError(line as Problem) : (line ?? undefined);
  });
}

export function readPage(bytes: Uint8Array, start: number): Page {
  const page: Lines = readJson(bytes);
  const entries = page.entries.map(({ ttl, ...entry }) => ({ ...entry, expiresAt: deadline(ttl, start) }));
  return { ...(page as { cursor: string }), entries };
}

/** Returns when a value expires that has so long left; rounded so as not to be late. Throws if that is no number. */
function deadline(ttl: number | null, start: number): number {
  const expiresAt = Math.floor(start + (ttl ?? Infinity));
  expect(expiresAt > 0);
  return expiresAt;
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
