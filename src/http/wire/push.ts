import type { Greeting, Operation, Outcome, Push } from "../../core/link.ts";
import { expectComplete, isCount } from "./complete.ts";
import { frame, sizeOfValues, unframe } from "./frame.ts";
import { readJson } from "./json.ts";
import { toError, type Problem } from "./problem.ts";
import { deadlineOf, ttlOf } from "./ttl.ts";

/** One thing that is to become of one key: a value, or nothing, in the place of what has a tag, or of nothing; a sum; a deadline. */
export type PushStep =
  | readonly [name: "write", key: string, size: number | null, tag: string | null, ttl: number | null]
  | readonly [name: "add", key: string, by: number, ttl: number | null]
  | readonly [name: "touch", key: string, ttl: number | null];

/** What is there afterwards, `null` for nothing. The size is `null` where the value does not come along. */
export type Outline = readonly [size: number | null, ttl: number | null, tag: string] | null;

/** What became of a step: whether it was done, `null` where nobody knows, and what is there; or why it was not done. */
export type OutcomeLine = readonly [isDone: boolean | null, now: Outline] | Problem;

/** How many bytes of values there are in an answer at most. */
export const maxAnswer = 262_144;

/** What a push is counted by. */
export type Ticket = Pick<Push, "name" | "sequence" | "nonce">;

const ticket = /^([\w-]{1,128}) ([1-9]\d{0,15}) ([\w-]{1,128})$/;
const nameOfReplica = /^[\w-]{1,128}$/;

export const writeTicket = ({ name, sequence, nonce }: Ticket): string => `${name} ${sequence} ${nonce}`;

/** Reads what a push is counted by, or nothing if it is malformed. */
export function readTicket(text: string): Ticket | undefined {
  const [, name = "", number, nonce = ""] = ticket.exec(text) ?? [];
  const sequence = Number(number);
  return Number.isSafeInteger(sequence) ? { name, sequence, nonce } : undefined;
}

/** What an answer says in the place of a ticket where nobody knows the name, or not this number. */
export const forgotten = "forgotten";

/** Reads the answer to who asks for a name. Throws if it is none. */
export function readGreeting(bytes: Uint8Array): Greeting {
  const greeting: Greeting = readJson(bytes);
  const { name, scope, time, maxBytes, maxItems } = greeting;
  expectComplete(typeof name === "string" && typeof scope === "string" && Number.isFinite(time));
  expectComplete(nameOfReplica.test(name) && isCount(maxBytes) && isCount(maxItems));
  return greeting;
}

/** Writes a push that is sent at `start`. A value whose time is past by then removes what is there. */
export function writePush(operations: readonly Operation[], start: number): Uint8Array<ArrayBuffer> {
  const values: Uint8Array[] = [];
  const push = operations.map((each): readonly unknown[] => {
    const { kind, key, expiresAt } = each;
    const ttl = ttlOf(expiresAt, start);
    if (kind !== "write") return kind === "add" ? [kind, key, each.by, ttl] : [kind, key, ttl];
    const { value, tag = null } = each;
    if (!value || expiresAt <= start) return [kind, key, null, tag, null];
    values.push(value);
    return [kind, key, value.length, tag, ttl];
  });
  return frame({ push }, values);
}

/** Writes outcomes with deadlines in the place of what is left of them, so that it can be answered with them later. */
export function writeOutcomes(outcomes: readonly (Outcome | Problem)[]): Uint8Array<ArrayBuffer> {
  const values: Uint8Array[] = [];
  const lines = outcomes.map((each): OutcomeLine => {
    if (!("isDone" in each)) return each;
    const { now } = each;
    const isDone = each.isUncertain ? null : each.isDone;
    if (!now) return [isDone, null];
    if (now.value) values.push(now.value);
    return [isDone, [now.value?.length ?? null, now.expiresAt, now.tag]];
  });
  return frame(lines, values);
}

/** Returns what is answered at a time with outcomes that were written with deadlines. */
export function outcomesAt(bytes: Uint8Array, time: number): Uint8Array<ArrayBuffer> {
  const [head, next] = unframe(bytes);
  const values: Uint8Array[] = [];
  const lines = (head as OutcomeLine[]).map((line): OutcomeLine => {
    if (!Array.isArray(line) || !line[1]) return line;
    const [isDone, [size, expiresAt, tag]] = line as unknown as [boolean | null, NonNullable<Outline>];
    const value = size === null ? undefined : next(size);
    if (expiresAt !== null && expiresAt <= time) return [isDone, null];
    if (value) values.push(value);
    return [isDone, [size, expiresAt && expiresAt - time, tag]];
  });
  return frame(lines, values);
}

/** Reads the answer to operations that were sent at `start`. Throws if it is no answer to these. */
export function readOutcomes(bytes: Uint8Array, start: number, operations: readonly Operation[]): Outcome[] {
  const [head, next, end] = unframe(bytes);
  expectComplete(head.length === operations.length && sizeOfValues(bytes) <= maxAnswer);
  const outcomes = (head as OutcomeLine[]).map((line, index): Outcome => {
    if (!Array.isArray(line)) return { isDone: false, error: toError(line as Problem) };
    const { kind } = operations[index]!;
    const [done, now] = line as unknown as [isDone: boolean | null, now: Outline];
    const isDone = !!done;
    const outcome = { isDone, ...(done === null && { isUncertain: true }) };
    // A number is added to whatever is there, or not at all.
    expectComplete(done === null || (typeof done === "boolean" && (done || kind !== "add")));
    if (now === null) return outcome;
    const [size, ttl, tag] = now;
    const hasValue = size !== null;
    expectComplete(typeof tag === "string" && (isDone || kind !== "touch"));
    // The sender of a value has it.
    expectComplete(!hasValue || kind === "add" || !isDone);
    return { ...outcome, now: { value: hasValue ? next(size) : undefined, expiresAt: deadlineOf(ttl, start), tag } };
  });
  end();
  return outcomes;
}
