import { check } from "../../core/error.ts";
import type { Hash } from "./hash.ts";
import { removeIf } from "./removeIf.ts";
import { toProblem, writeFrame, type Reply } from "./reply.ts";
import type { Ask, Limits } from "./routes.ts";
import { alone, keep, type BatchCall, type Results } from "../wire.ts";

// How many calls are made at once, so that too much of what they answer is noticed before it is all there.
const portion = 100;

type Result = Results[number];
/** What is answered to a call, and the value that belongs to it. */
type Answer = readonly [line: Result, value?: Uint8Array];

/** What calls are made with. */
export interface Means extends Limits {
  readonly hash: Hash;
}

/** Makes the calls of a batch, each for itself. `next` cuts the next value off the batch. */
export async function runCalls(
  ask: Ask,
  calls: readonly BatchCall[],
  next: (size: number) => Uint8Array,
  means: Means,
): Promise<Reply> {
  const { maxBytes } = means;
  const lines: Result[] = [];
  const values: Uint8Array[] = [];
  let size = 0;
  // Of two calls about one key the second begins when the first is done.
  const turns = new Map<string, Promise<Answer>>();

  async function begin(call: BatchCall, given: Uint8Array | undefined): Promise<Answer> {
    return /^(get|take)/.test(call[0]) && size > maxBytes ? [alone] : makeCall(ask, call, given, means);
  }

  for (let at = 0; at < calls.length && !ask.signal?.aborted; at += portion) {
    const answers = calls.slice(at, at + portion).map((call) => {
      const length = sizeOf(call);
      const given = length === null ? undefined : next(length);
      const before = turns.get(call[1]);
      const answer = before ? before.then(() => begin(call, given)) : begin(call, given);
      const told = answer.catch((error: unknown): Answer => [toProblem(error)]);
      turns.set(call[1], told);
      return told;
    });
    for (const [line, value] of await Promise.all(answers)) {
      // What was only read can be read again, and by itself it is never too much.
      const isTooMuch = value && size && size + value.length > maxBytes && calls[lines.length]![0] !== "take";
      lines.push(isTooMuch ? alone : line);
      if (value) size += value.length;
      if (value && !isTooMuch) values.push(value);
    }
  }
  return writeFrame(lines, values);
}

async function makeCall(
  { store, allow }: Ask,
  call: BatchCall,
  value: Uint8Array | undefined,
  { now, hash }: Means,
): Promise<Answer> {
  const [name, key] = call;
  switch (name) {
    case "get":
    case "getTagged":
    case "has": {
      allow("read");
      const entry = await store.entry(key);
      const ttl = entry ? entry.expiresAt - now() : 0;
      // What is there has a deadline, which may come before the answer arrives.
      if (!entry || ttl <= 0) return [null];
      if (name === "has") return [[0, ttl]];
      const { length } = entry.value;
      return [name === "get" ? [length, ttl] : [length, ttl, await hash(entry.value)], entry.value];
    }
    case "set":
      allow("write");
      // Without options a call costs less.
      await store.set(key, value!, call[3] === null ? undefined : { ttl: call[3] });
      return [true];
    case "delete":
      allow("write");
      return [(await store.deleteMany([key])) > 0];
    case "take": {
      allow("read", "write");
      const taken = await store.take(key);
      return taken ? [[taken.length, null], taken] : [null];
    }
    case "increment":
      // The sum tells the value.
      allow("read", "write");
      return [await store.increment(key, call[2], { ttl: call[3] ?? undefined })];
    case "touch":
      allow("write");
      return [await store.touch(key, { ttl: call[2] ?? Infinity })];
    case "swap": {
      allow("write");
      const [, , , tag, ttl] = call;
      const old = tag === null ? undefined : await store.find(key);
      if (tag !== null && !(old && tag === (await hash(old)))) return [false];
      if (!value) return [await removeIf(store, key, old)];
      return [await store.compareAndSet(key, old, value, ttl === keep ? undefined : { ttl: ttl ?? Infinity })];
    }
  }
}

type Check = (value: unknown) => boolean;

const isSize: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = (value) => value === null || typeof value === "number";

// What a call has besides its name and key.
const shapes: Readonly<Record<BatchCall[0], readonly Check[]>> = {
  get: [],
  getTagged: [],
  has: [],
  delete: [],
  take: [],
  set: [isSize, isNumber],
  increment: [isNumber, isNumber],
  touch: [isNumber],
  swap: [
    (size) => size === null || isSize(size),
    (tag) => tag === null || typeof tag === "string",
    (ttl) => ttl === keep || isNumber(ttl),
  ],
};

/** Returns the size of the value of a call, `null` for none. */
export function sizeOf(call: BatchCall): number | null {
  return call[0] === "set" || call[0] === "swap" ? call[2] : null;
}

/** Throws `invalid-argument` for what is no call. */
export function checkCall(call: unknown): void {
  const [name, key, ...rest] = Array.isArray(call) ? (call as unknown[]) : [];
  const isKnown = typeof name === "string" && typeof key === "string" && Object.hasOwn(shapes, name);
  const shape = isKnown && shapes[name as BatchCall[0]];
  const isCall = shape && shape.length === rest.length && shape.every((isRight, index) => isRight(rest[index]));
  check(isCall, "batch call", "a name, a key and what goes with it", call);
}
