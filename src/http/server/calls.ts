import { check } from "../../core/error.ts";
import { createTurns } from "../../core/turns.ts";
import { alone, type BatchCall, type Results } from "../wire/batch.ts";
import type { Ask } from "./ask.ts";
import { areArguments, type LiveEntry, type Operation, type Subject } from "./operation.ts";
import { calls, operations } from "./operations.ts";
import { toProblem } from "./refusal.ts";
import { writeFrame, type Reply } from "./reply.ts";
import type { Room } from "./room.ts";
import { runInOrder } from "./runInOrder.ts";

// How many calls are made at once.
const portion = 100;

type Name = BatchCall[0];
/** How a call of a name is written in a batch. */
type CallOf<N, Call = BatchCall> = Call extends readonly [infer Names, ...unknown[]] ? (N extends Names ? Call : never) : never; // prettier-ignore
type Result = Results[number];
/** What is answered to a call, and the value that belongs to it. */
type Answer = readonly [line: Result, value?: Uint8Array];

const { find, set, discard, take, increment, touch, swap } = operations;

/** How each call takes what its operation needs off its line, and writes what comes of it. */
const runs: { readonly [N in Name]: (subject: Subject, call: CallOf<N>, value?: Uint8Array) => Promise<Answer> } = {
  async get(subject, [, key]) {
    return writeValue(await find.run(subject, key));
  },
  async getTagged(subject, [, key]) {
    const entry = await find.run(subject, key);
    return writeValue(entry, entry && (await subject.hash(entry.value)));
  },
  async has(subject, [, key]) {
    const entry = await find.run(subject, key);
    // What is there has a deadline, which may come before the answer arrives.
    return [entry ? [0, entry.ttl] : null];
  },
  delete: async (subject, [, key]) => [await discard.run(subject, key)],
  async take(subject, [, key]) {
    const value = await take.run(subject, key);
    return value ? [[value.length, null], value] : [null];
  },
  async set(subject, [, key, , ttl], value) {
    await set.run(subject, key, value!, ttl ?? undefined);
    return [true];
  },
  increment: async (subject, [, key, by, ttl]) => [await increment.run(subject, key, by, ttl ?? undefined)],
  touch: async (subject, [, key, ttl]) => [await touch.run(subject, key, ttl ?? Infinity)],
  swap: async (subject, [, key, , tag, ttl], value) => [await swap.run(subject, key, value, tag, ttl ?? Infinity)],
};

function writeValue(entry: LiveEntry | undefined, tag?: string): Answer {
  if (!entry) return [null];
  const { value, ttl } = entry;
  return [tag === undefined ? [value.length, ttl] : [value.length, ttl, tag], value];
}

// Those that read the value of a key as a whole, whatever they answer.
const readers: ReadonlySet<Name> = new Set<Name>(["get", "getTagged", "has", "take", "swap"]);

/** Makes the calls of a batch, each for itself. `next` cuts the next value off the batch. */
export async function runCalls(
  ask: Ask,
  batch: readonly BatchCall[],
  next: (size: number) => Uint8Array,
  room: Room,
): Promise<Reply> {
  const { allow } = ask;
  // Not each call by itself is aborted: that costs more than the call.
  const subject: Subject = { store: ask.store, hash: ask.hash, now: ask.now };
  const lines: Result[] = [];
  const values: (Uint8Array | undefined)[] = [];
  // Of two calls about one key the second begins when the first is done.
  const takeTurn = createTurns();

  /** Makes a call, notes what comes of it, and returns the size of the value that it has read. */
  async function make(index: number, value: Uint8Array | undefined): Promise<number | undefined> {
    const call = batch[index]!;
    const name = call[0];
    lines[index] = alone;
    if (room.isFull && /^(get|take)/.test(name)) return undefined;
    try {
      allow(...operationOf(name).needs);
      const [line, found] = await (runs[name] as (...given: unknown[]) => Promise<Answer>)(subject, call, value);
      // What was only read can be read again, and by itself it is never too much.
      const isFitting = !found || room.hold(found.length) || name === "take";
      if (isFitting) [lines[index], values[index]] = [line, found];
      return found?.length;
    } catch (error) {
      lines[index] = toProblem(error);
      return undefined;
    }
  }

  await runInOrder(
    batch.length,
    (index, running) => running < portion && (!readers.has(batch[index]![0]) || room.mayRead()),
    async (index) => {
      if (ask.signal?.aborted) return;
      const call = batch[index]!;
      const length = sizeOf(call);
      const value = length === null ? undefined : next(length);
      const isRead = readers.has(call[0]);
      // Also while it waits for its turn: all that wait may come to it at once.
      if (isRead) room.begin();
      const size = await takeTurn(call[1], () => make(index, value));
      if (isRead) room.end(size);
    },
  );
  return writeFrame(
    lines,
    values.filter((value) => value !== undefined),
  );
}

/** Returns the operation that a call asks for. */
export function operationOf(name: Name): Operation {
  return operations[calls[name]];
}

/** Returns where in a call the lifetime is that it asks for; -1 for none. */
export function lifetimeAt([name]: BatchCall): number {
  const { takes } = operationOf(name);
  return takes.findIndex((argument) => argument.startsWith("ttl")) + 1 || -1;
}

/** Returns the size of the value of a call, `null` for none. */
export function sizeOf(call: BatchCall): number | null {
  return call[0] === "set" || call[0] === "swap" ? call[2] : null;
}

/** Throws `invalid-argument` for what is no call. */
export function checkCall(call: unknown): void {
  const [name, ...rest] = Array.isArray(call) ? (call as unknown[]) : [];
  const takes = typeof name === "string" && Object.hasOwn(calls, name) && operationOf(name as Name).takes;
  check(takes && areArguments(rest, takes), "batch call", "a name, a key and what goes with it", call);
}
