import type { Store } from "../core/contract.ts";
import type { Case, Context, Subject } from "./case.ts";
import { createClock } from "./clock.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";

/** What came of one case. Without an error it holds. */
export interface Result {
  readonly name: string;
  readonly error?: unknown;
}

// Far above what any case takes, so that a promise which never settles is a failure of its case: ms.
const longest = 120_000;

let media = 0;

/**
 * Runs one case on a subject, on a medium of its own, and closes what it opened. Rejects if the case does not hold.
 *
 * @example Proves one sentence of the contract.
 * ```ts
 * import { memory } from "shelflife";
 * import { cases, prove, type Subject } from "shelflife/testing";
 *
 * const subject: Subject = { name: "memory", can: ["bytes"], open: (_, options) => memory(options) };
 * const [deadline] = cases.filter(({ name }) => name.includes("until the millisecond of its deadline"));
 * await prove(deadline!, subject);
 * console.log("It holds"); // It holds
 * ```
 */
export async function prove(test: Case, subject: Subject): Promise<void> {
  const clock = createClock();
  const medium = `case-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${++media}`;
  const opened: Store<any>[] = [];
  const context: Context = {
    subject,
    clock,
    value: subject.value ?? ((text) => encodeText(text)),
    text: (value) =>
      value === undefined ? undefined : (subject.text ?? ((bytes: Uint8Array) => decodeLoosely(bytes)))(value),
    async open(options) {
      const store = await subject.open(medium, { ...options, now: clock.now });
      opened.push(store);
      return store;
    },
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Case took more than ${longest} ms`)), longest);
  });
  try {
    await Promise.race([test.run(context), overdue]);
  } finally {
    clearTimeout(timer);
    await Promise.all(opened.map((store) => store.close()));
  }
}

/**
 * The cases that are about a subject: those that need nothing it cannot do.
 *
 * @example Leaves out what a store does not claim to do.
 * ```ts
 * import { memory } from "shelflife";
 * import { cases, casesFor, type Subject } from "shelflife/testing";
 *
 * const subject: Subject = { name: "memory", can: ["bytes"], open: (_, options) => memory(options) };
 * console.log(casesFor(cases, subject).length < cases.length); // true
 * ```
 */
export function casesFor(cases: readonly Case[], subject: Subject): Case[] {
  return cases.filter(({ needs = [] }) => needs.every((feature) => subject.can.includes(feature)));
}

/**
 * Runs all cases that are about a subject, one after the other; `onResult` gets what came of each.
 *
 * @example Proves a store of your own.
 * ```ts
 * import { memory } from "shelflife";
 * import { cases, proveAll, type Subject } from "shelflife/testing";
 *
 * const subject: Subject = { name: "memory", can: ["bytes"], open: (_, options) => memory(options) };
 * const results = await proveAll(cases.slice(0, 5), subject);
 * console.log(results.every(({ error }) => error === undefined)); // true
 * ```
 */
export async function proveAll(
  cases: readonly Case[],
  subject: Subject,
  onResult: (result: Result) => void = () => {},
): Promise<Result[]> {
  const results: Result[] = [];
  for (const test of casesFor(cases, subject)) {
    const name = `${subject.name}: ${test.name}`;
    const result = await prove(test, subject).then(
      (): Result => ({ name }),
      (error: unknown): Result => ({ name, error }),
    );
    results.push(result);
    onResult(result);
  }
  return results;
}
