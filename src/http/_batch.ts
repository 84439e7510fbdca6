import type { Entry } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { done, refusal, toProblem, writeFrame, writeJson, type Reply } from "./_reply.ts";
import type { Ask, Limits } from "./_routes.ts";
import { alone, unframe, type Batch, type BatchCall, type Found, type Results } from "./wire.ts";

// How many entries are read at once, so that too much of them is noticed before it is all there.
const portion = 100;

type Result = Results[number];
/** Cuts the next value off a batch. */
type Next = (size: number) => Uint8Array;

/** Does what a batch asks for, all of it or nothing; of calls, each for itself. */
export async function runBatch(ask: Ask, limits: Limits): Promise<Reply> {
  const { store, allow, signal } = ask;
  const [batch, next] = readBatch(await ask.body(), limits.maxItems);
  if ("calls" in batch) return runCalls(ask, batch.calls, next, limits);
  if ("find" in batch) {
    allow("read");
    return findMany(ask, batch.find, limits);
  }
  allow("write");
  if ("delete" in batch) return writeJson(await store.deleteMany(batch.delete, { signal }));
  const items = batch.set.map(([key, size, ttl]) => [key, next(size), { ttl: ttl ?? undefined }] as const);
  await store.setMany(items, { signal });
  return done;
}

async function findMany({ store, signal }: Ask, keys: readonly string[], limits: Limits): Promise<Reply> {
  const { maxBytes, now } = limits;
  const found: (Entry | undefined)[] = [];
  for (let at = 0, size = 0; at < keys.length; at += portion) {
    // Not findMany: a value goes out with its deadline, or it could arrive too late.
    const entries = await Promise.all(keys.slice(at, at + portion).map((key) => store.entry(key, { signal })));
    found.push(...entries);
    size += entries.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0);
    if (size > maxBytes) throw refusal("size", `Values are too large together: expected at most ${maxBytes} bytes`);
  }
  const time = now();
  const live = found.map((entry) => (entry && entry.expiresAt > time ? entry : undefined));
  // JSON has no Infinity, and writes null.
  const lines: Found = live.map((entry) => (entry ? [entry.value.length, entry.expiresAt - time] : null));
  return writeFrame(
    lines,
    live.flatMap((entry) => (entry ? [entry.value] : [])),
  );
}

async function runCalls(ask: Ask, calls: readonly BatchCall[], next: Next, limits: Limits): Promise<Reply> {
  const { maxBytes } = limits;
  const given = calls.map((call) => (call[0] === "set" ? next(call[2]) : undefined));
  const lines: Result[] = [];
  const values: Uint8Array[] = [];
  let size = 0;
  // Of two calls about one key the second begins when the first is done.
  const turns = new Map<string, Promise<unknown>>();
  for (let at = 0; at < calls.length; at += portion) {
    const results = calls.slice(at, at + portion).map((call, index) => {
      const [name, key] = call;
      const answersValue = name === "get" || name === "take";
      const start = async (): Promise<Answer> =>
        answersValue && size > maxBytes ? [alone] : makeCall(ask, call, given[at + index], limits);
      const before = turns.get(key);
      const result = (before ? before.then(start) : start()).catch((error): Answer => [toProblem(error)]);
      turns.set(key, result);
      return result;
    });
    for (const [index, [line, value]] of (await Promise.all(results)).entries()) {
      // What was only read can be read again.
      const isTooMuch = value && size + value.length > maxBytes && calls[at + index]![0] === "get";
      lines.push(isTooMuch ? alone : line);
      if (value) size += value.length;
      if (value && !isTooMuch) values.push(value);
    }
  }
  return writeFrame(lines, values);
}

/** What is answered to a call, and the value that belongs to it. */
type Answer = readonly [line: Result, value?: Uint8Array];

function makeCall(
  { store, allow, signal }: Ask,
  call: BatchCall,
  given: Uint8Array | undefined,
  { now }: Limits,
): Promise<Answer> {
  const [name, key] = call;
  switch (name) {
    case "get":
    case "has":
      allow("read");
      return store.entry(key, { signal }).then((entry) => {
        const ttl = entry ? entry.expiresAt - now() : 0;
        // What is there has a deadline, which may come before the answer arrives.
        const value = name === "get" ? entry?.value : new Uint8Array();
        return value && ttl > 0 ? [[value.length, ttl], value] : [null];
      });
    case "set":
      allow("write");
      return store.set(key, given!, { ttl: call[3] ?? undefined, signal }).then(() => [true]);
    case "delete":
      allow("write");
      return store.deleteMany([key], { signal }).then((count) => [count > 0]);
    case "take":
      allow("read", "write");
      return store.take(key, { signal }).then((value) => (value ? [[value.length, null], value] : [null]));
    case "increment":
      // The sum tells the value.
      allow("read", "write");
      return store.increment(key, call[2], { ttl: call[3] ?? undefined, signal }).then((sum) => [sum]);
    case "touch":
      allow("write");
      return store.touch(key, { ttl: call[2] ?? Infinity, signal }).then((isThere) => [isThere]);
  }
}

// What a call has besides its name and key.
const counts = { get: 0, has: 0, delete: 0, take: 0, set: 2, increment: 2, touch: 1 } as const;
const names: readonly (string | undefined)[] = ["calls", "find", "set", "delete"];

/** Reads a batch strictly: one thing to do, with so many items at most, and just the values that they announce. */
function readBatch(body: Uint8Array, maxItems: number): [batch: Batch, next: Next] {
  let head: unknown;
  let next: Next | undefined;
  try {
    [head, next] = unframe(body);
  } catch {
    // Told below.
  }
  const [[name, items] = [], ...others] = Object(head) === head ? Object.entries(head as Record<string, unknown>) : [];
  const isBatch = next && names.includes(name) && Array.isArray(items) && !others.length;
  check(isBatch, "batch", 'a line of JSON with a list of "calls", or of what to "find", "set" or "delete"', head);
  const { length } = items as unknown[];
  check(length <= maxItems, "batch", `at most ${maxItems} items`, length);
  const sizes = name === "set" ? (items as unknown[]).map((item) => sizeOf(item, 1)) : [];
  if (name === "calls") sizes.push(...(items as unknown[]).map(sizeOfCall));
  const sum = sizes.reduce((total, size) => total + size, 0);
  const given = body.length - body.indexOf(10) - 1;
  check(sum === given, "batch", `values of ${sum} bytes together`, given);
  return [head as Batch, next!];
}

function sizeOfCall(call: unknown): number {
  const [name, key, ...rest] = Array.isArray(call) ? (call as unknown[]) : [];
  const isCall =
    typeof name === "string" && typeof key === "string" && Object.hasOwn(counts, name) && rest.every(isNumberOrNull);
  check(
    isCall && counts[name as keyof typeof counts] === rest.length,
    "batch call",
    "a name, a key and what goes with it",
    call,
  );
  return name === "set" ? sizeOf(call, 2) : 0;
}

const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === "number";

function sizeOf(item: unknown, at: number): number {
  const size = (Array.isArray(item) ? item : [])[at] as unknown;
  const isSize = Number.isSafeInteger(size) && (size as number) >= 0;
  check(isSize, "batch item", "a key, a size in bytes, and a ttl or null", item);
  return size as number;
}
