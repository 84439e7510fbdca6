import { UNCHANGED, type Entry, type Unchanged } from "../../core/contract.ts";
import type { Remote } from "../../core/link.ts";
import { expectComplete } from "./complete.ts";
import { frame, unframe } from "./frame.ts";
import { toError, type Problem } from "./problem.ts";
import { deadlineOf, keep, ttlOf } from "./ttl.ts";

/**
 * What a batch asks for: the values of some keys, to write items, or to remove keys, each of these all or nothing; the entries
 * of some keys as they are together, with their tags, or to change them if they still have these; of some keys what is not
 * known already; or calls that have nothing to do with one another.
 */
export type Batch =
  | { find: readonly string[] }
  | { findTagged: readonly string[] }
  | { getUnless: readonly BatchUnless[] }
  | { transact: readonly BatchStep[] }
  | { set: readonly BatchItem[] }
  | { delete: readonly string[] }
  | { calls: readonly BatchCall[] };
/** A key, the tag of the value that is known, `null` for none, and how many bytes a value may have to come along. */
export type BatchUnless = readonly [key: string, tag: string | null, most?: number];
/** An item of a batch that writes: its value follows the head, and is so long. */
export type BatchItem = readonly [key: string, size: number, ttl: number | null];
/** What a key gets, or keeps, if what is there has a tag, or is nothing. */
export type BatchStep = readonly [key: string, size: number | null | typeof keep, tag: string | null, ttl: number | null | typeof keep]; // prettier-ignore
/** A call of a batch: its name, its key, and what else it takes. */
export type BatchCall =
  | readonly [name: "get" | "getTagged" | "has" | "delete" | "take", key: string]
  | readonly [name: "set", key: string, size: number, ttl: number | null]
  | readonly [name: "increment", key: string, by: number, ttl: number | null]
  | readonly [name: "touch", key: string, ttl: number | null]
  // Puts a value, or nothing, in the place of the one of a tag, or of nothing.
  | readonly [name: "swap", key: string, size: number | null, tag: string | null, ttl: number | null | typeof keep];

/** What a batch of reads is answered with, a line for each key. */
export type Found = readonly (FoundLine | null)[];
export type FoundLine = readonly [size: number, ttl: number | null, tag?: string];

/** What is said of a key whose value may be known: without a size it is, or does not fit, or has more bytes than were wanted, which come last. */
export type UnlessLine = readonly [size: number | null, ttl: number | null, tag: string, left?: number];

/**
 * What a batch of calls is answered with, a line for each: a value, `null` for none, what else a call resolves with, a
 * problem, or `alone` for one that was not made since the answer is large already.
 */
export type Results = readonly (FoundLine | null | number | boolean | Problem | typeof alone)[];
/**
 * What a batch answers for a call that it did not make because the answer was large already.
 *
 * @example Knows a call that is to be made again by itself.
 * ```ts
 * import { alone, frame, readResults } from "shelflife/http/wire";
 *
 *
 * const results = readResults(frame([alone, true]), Date.now(), [{ line: ["get", "a"] }, { line: ["delete", "b"] }]);
 * console.log(results[0] === alone); // true
 * ```
 */
export const alone = "alone";

/** An entry with the tag of its value, if that was asked for. */
export interface Tagged extends Entry {
  readonly tag?: string | undefined;
}

/** A call as the client makes it. */
export interface CallLine {
  /** What it says in a batch, but for its ttl. */
  readonly line: readonly [name: string, key: string, ...rest: unknown[]];
  /** The bytes that belong to it. */
  readonly values: readonly Uint8Array[];
  /** When what it writes is to expire, or what it says in place of a ttl, if it says that. */
  readonly expiresAt?: number | string | undefined;
}

/** Writes a batch of calls that is sent at `start`. */
export function writeCalls(calls: readonly CallLine[], start: number): Uint8Array<ArrayBuffer> {
  return frame(
    { calls: calls.map(({ line, expiresAt }) => (expiresAt ? [...line, ttlOf(expiresAt, start)] : line)) },
    calls.flatMap(({ values }) => values),
  );
}

/** Writes a batch of items to write that is sent at `start`. */
export function writeItems(
  items: readonly (readonly [key: string, entry: Entry])[],
  start: number,
): Uint8Array<ArrayBuffer> {
  return frame(
    { set: items.map(([key, { value, expiresAt }]) => [key, value.length, ttlOf(expiresAt, start)]) },
    items.map(([, { value }]) => value),
  );
}

/** Writes what is to become of entries, by what they were, in a batch that is sent at `start`. Of nothing nothing is said. */
export function writeSteps(
  keys: readonly string[],
  before: readonly (Tagged | undefined)[],
  after: readonly (Entry | undefined | Unchanged)[],
  start: number,
): Uint8Array<ArrayBuffer> {
  const values: Uint8Array[] = [];
  const steps = keys.map((key, index): readonly unknown[] => {
    const old = before[index];
    const next = after[index];
    const tag = old?.tag ?? null;
    if (next === UNCHANGED) return [key, keep, tag, keep];
    if (!next) return [key, null, tag, keep];
    values.push(next.value);
    return [key, next.value.length, tag, old?.expiresAt === next.expiresAt ? keep : ttlOf(next.expiresAt, start)];
  });
  return frame({ transact: steps }, values);
}

/**
 * Reads the entries of so many keys, which were asked for at `start` by a name that says whether they have tags. Throws if it
 * is no answer to that.
 */
export function readEntries(
  bytes: Uint8Array,
  start: number,
  count: number,
  name: "find" | "findTagged",
): (Tagged | undefined)[] {
  const [head, next, end] = unframe(bytes);
  expectComplete(head.length === count);
  const entries = (head as unknown[]).map((line) => (line === null ? undefined : readFound(line, next, start, name)));
  end();
  return entries;
}

/** Reads what is found of one entry. Throws if it is nothing of that kind: what is no array cannot be taken apart, or has other sizes. */
function readFound(line: unknown, next: (size: number) => Uint8Array, start: number, name: string): Tagged {
  const [size, ttl, tag] = line as FoundLine;
  expectComplete(typeof tag === (name.endsWith("Tagged") ? "string" : "undefined"));
  return { value: next(size), expiresAt: deadlineOf(ttl, start), tag };
}

/** Reads the answer to who asked at `start` for entries unless they are known. Throws if it is no answer to that. */
export function readUnless(
  bytes: Uint8Array,
  start: number,
  wanted: readonly (readonly [key: string, tag: string | undefined, most?: number])[],
): (Remote | undefined)[] {
  const [head, next, end] = unframe(bytes);
  expectComplete(Array.isArray(head) && head.length === wanted.length);
  const entries = (head as unknown[]).map((line, index) => {
    if (line === null) return undefined;
    expectComplete(Array.isArray(line));
    const [size, ttl, tag, left] = line as unknown as UnlessLine;
    const [, known, most = Infinity] = wanted[index]!;
    const isTooMuch = left! > most;
    // What is asked for by itself comes, unless it is known.
    expectComplete(typeof tag === "string" && (size !== null || wanted.length > 1 || tag === known || isTooMuch));
    const value = size === null ? undefined : next(size);
    return { value, expiresAt: deadlineOf(ttl, start), tag, ...(isTooMuch && { size: left }) };
  });
  end();
  return entries;
}

/** What a batch is before its items are looked at. */
export interface RawBatch {
  /** What it asks for. Anything that a client made up. */
  readonly name: string | undefined;
  readonly items: unknown;
  /** Cuts off the value that belongs to the next item. */
  next(size: number): Uint8Array;
}

/** Reads a batch as far as it is one: a single thing to do. Returns its head alone if it is none. */
export function readBatch(bytes: Uint8Array): { readonly head: unknown; readonly batch?: RawBatch } {
  let head: unknown;
  try {
    const [read, next] = unframe(bytes);
    head = read;
    const [[name, items] = [], ...others] = Object(head) === head ? Object.entries(read as object) : [];
    return others.length ? { head } : { head, batch: { name, items, next } };
  } catch {
    return { head };
  }
}

/**
 * Reads the answer to a batch of calls that was sent at `start`: what each resolved with, its error, or `alone`. Throws
 * if it is no answer to these.
 *
 * @example Reads what two calls of a batch resolved with.
 * ```ts
 * import { frame, readResults } from "shelflife/http/wire";
 *
 *
 * const answer = frame([[5, null], 2], [new TextEncoder().encode("hello")]);
 * const [entry, sum] = readResults(answer, Date.now(), [{ line: ["get", "a"] }, { line: ["increment", "b", 1] }]);
 * console.log((entry as { value: Uint8Array }).value.length, sum); // 5 2
 * ```
 */
export function readResults(bytes: Uint8Array, start: number, calls: readonly Pick<CallLine, "line">[]): unknown[] {
  const [head, next, end] = unframe(bytes);
  expectComplete(head.length === calls.length);
  const results = (head as unknown[]).map((line, index) => {
    const [name] = calls[index]!.line;
    const isRead = /^(get|has|take)/.test(name);
    if (line === alone && isRead && calls.length > 1) return line;
    if (isRead && Array.isArray(line)) return readFound(line, next, start, name);
    if (Object(line) === line) {
      const error = toError(line as Problem);
      // A miss is a value.
      expectComplete(error.code !== "not-found");
      return error;
    }
    if (isRead) expectComplete(line === null);
    else if (name === "increment") expectComplete(Number.isFinite(line));
    else expectComplete(line === true || (line === false && name !== "set"));
    return line ?? undefined;
  });
  end();
  return results;
}
