import { check, isStoreError } from "../../core/error.ts";
import { contend, outrun } from "../../core/contend.ts";
import type { Outcome, Remote } from "../../core/link.ts";
import { createTurns } from "../../core/turns.ts";
import { equalBytes } from "../../core/value.ts";
import type { Problem } from "../wire/problem.ts";
import { maxAnswer, writeOutcomes, type PushStep } from "../wire/push.ts";
import type { Ask } from "./ask.ts";
import { areArguments, type Subject } from "./operation.ts";
import { argumentsOf, operations, steps } from "./operations.ts";
import { toProblem } from "./refusal.ts";
import type { Room } from "./room.ts";
import { runInOrder } from "./runInOrder.ts";

type Name = PushStep[0];
type StepOf<N extends Name> = Extract<PushStep, readonly [N, ...unknown[]]>;

const { find, swap, increment, touch } = operations;

/** How each step takes what its operation needs, and what there is afterwards, with the value where that is to be answered. */
const runs: { readonly [N in Name]: (subject: Subject, step: StepOf<N>, value?: Uint8Array) => Promise<Outcome> } = {
  write: (subject, [, key, , tag, ttl], value) =>
    contend(
      key,
      async () => {
        // Before it is written, so as not to be late.
        const expiresAt = deadlineIn(subject, ttl);
        if (await swap.run(subject, key, value, tag, ttl ?? Infinity))
          return { isDone: true, now: value && { expiresAt, tag: await subject.hash(value) } };
        const now = await look(subject, key);
        // Another writer came between, and is gone again.
        return (now?.tag ?? null) === tag ? outrun : { isDone: false, now };
      },
      0,
    ),
  async add(subject, [, key, by, ttl]) {
    await increment.run(subject, key, by, ttl ?? undefined);
    // It is added, so that the sender has to know of it, even if nobody knows what is there now.
    return { isDone: true, now: await look(subject, key).catch(() => unknown(Infinity)) };
  },
  async touch(subject, [, key, ttl]) {
    const expiresAt = deadlineIn(subject, ttl);
    if (!(await touch.run(subject, key, ttl ?? Infinity))) return { isDone: false };
    const now = await look(subject, key).catch(() => unknown(expiresAt));
    return { isDone: true, now: now && { ...now, value: undefined } };
  },
};

function deadlineIn({ now }: Subject, ttl: number | null): number {
  return now() + (ttl ?? Infinity);
}

/** Reads what is there. */
async function look(subject: Subject, key: string): Promise<Remote | undefined> {
  const entry = await find.run(subject, key);
  return entry && { value: entry.value, expiresAt: entry.expiresAt, tag: await subject.hash(entry.value) };
}

/** What is there, as far as that is known: no value has such a tag. */
const unknown = (expiresAt: number): Remote => ({ expiresAt, tag: "" });

/**
 * Does the steps of a push, each for itself, and returns their outcomes as they are remembered. `next` cuts the next value off
 * the push. Whatever becomes of the client, all of them are done: the answer is for whoever asks again.
 */
export async function runPush(
  { store, hash, now, can, allow }: Ask,
  push: readonly PushStep[],
  next: (size: number) => Uint8Array,
  room: Room,
): Promise<Uint8Array<ArrayBuffer>> {
  const subject: Subject = { store, hash, now };
  const outcomes: (Outcome | Problem)[] = [];
  let held = 0;
  let answers = false;
  // Of two steps about one key the second begins when the first is done.
  const takeTurn = createTurns();

  /** Notes an outcome, and returns the size of the value that was read for it. */
  function note(index: number, outcome: Outcome): number | undefined {
    const size = outcome.now?.value?.length;
    const fits = size === undefined || held + size <= maxAnswer;
    if (fits) held += size ?? 0;
    // What gives a value away is for those who may read it.
    const tag = can("read") ? outcome.now?.tag : "";
    const shown = outcome.now && { ...outcome.now, tag: tag!, ...(!fits && { value: undefined }) };
    outcomes[index] = { ...outcome, now: shown };
    return size;
  }

  /** Does a step, notes what comes of it, and returns the size of the value that it has read. */
  async function make(index: number, value: Uint8Array | undefined): Promise<number | undefined> {
    const step = push[index]!;
    const [name, key] = step;
    let isBegun = false;
    try {
      allow(...operations[steps[name]].needs);
      // What a store that is gone is asked for it has not done; of what it is in the middle of nobody knows that.
      if (!answers) await store.has(key);
      isBegun = answers = true;
      return note(index, await (runs[name] as (...given: unknown[]) => Promise<Outcome>)(subject, step, value));
    } catch (error) {
      if (!isBegun || !isOpen(error, name)) outcomes[index] = toProblem(error);
      else {
        answers = false;
        return note(index, await lookBack(subject, key, name === "write", value));
      }
      return undefined;
    }
  }

  await runInOrder(push.length, room.mayRead, async (index) => {
    const step = push[index]!;
    const value = step[0] === "write" && step[2] !== null ? next(step[2]) : undefined;
    room.begin();
    room.end(await takeTurn(step[1], () => make(index, value)));
  });
  return writeOutcomes(outcomes);
}

/** Whether a step that failed may have been done all the same. To give a deadline once more does no harm. */
function isOpen(error: unknown, name: Name): boolean {
  if (name === "touch") return false;
  return !isStoreError(error) || error.code === "unavailable" || (error.code === "conflict" && name === "add");
}

/** Looks what became of a step of which that is not known. What is there as it was to be is done. */
async function lookBack(
  subject: Subject,
  key: string,
  isWrite: boolean,
  value: Uint8Array | undefined,
): Promise<Outcome> {
  try {
    const now = await look(subject, key);
    if (isWrite && equalBytes(now?.value, value)) return { isDone: true, now: now && { ...now, value: undefined } };
    return { isDone: false, isUncertain: true, now };
  } catch {
    return { isDone: false, isUncertain: true, now: unknown(Infinity) };
  }
}

/** Throws `invalid-argument` for what is no step of a push. */
export function checkPushStep(step: unknown): void {
  const [name, ...rest] = Array.isArray(step) ? (step as unknown[]) : [];
  const takes = typeof name === "string" && Object.hasOwn(steps, name) && argumentsOf(name as Name);
  check(takes && areArguments(rest, takes), "push step", "a name, a key and what goes with it", step);
}
