import type { Case, Result, Subject } from "../../src/testing.ts";

type ProveAll = (cases: readonly Case[], subject: Subject, tell?: (result: Result) => void) => Promise<Result[]>;

/** How many cases held, and how many did not. */
export interface Count {
  passed: number;
  failed: number;
}

/**
 * Runs the cases on each subject whose name contains the filter, or begins with it after a "=", one after the other, and prints a line for each subject
 * and each failure. A stray line on the console is a failure of what is tested, and so is a subject without a case. With
 * the filter "list" the subjects are named and not run.
 */
export async function runCases(
  { cases, proveAll }: { cases: readonly Case[]; proveAll: ProveAll },
  subjects: readonly Subject[],
  { filter = "", print }: { filter?: string; print: (line: string) => unknown },
): Promise<Count> {
  if (filter === "list") {
    for (const { name } of subjects) print(name);
    return { passed: subjects.length, failed: 0 };
  }
  const stray: string[] = [];
  for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
    console[method] = (...args: unknown[]) => void stray.push(`console.${method}: ${args.map(String).join(" ")}`);
  }
  const count: Count = { passed: 0, failed: 0 };
  for (const subject of subjects.filter(({ name }) => `=${name}`.includes(filter))) {
    const since = Date.now();
    const results = await proveAll(cases, subject);
    const bad = results.filter(({ error }) => error !== undefined);
    count.passed += results.length - bad.length;
    count.failed += bad.length || (results.length ? 0 : 1);
    print(`${subject.name}: ${results.length} cases, ${bad.length} failed (${Date.now() - since} ms)`);
    for (const { name, error } of bad) print(`  not ok ${name}\n${explain(error)}`);
  }
  for (const line of stray) print(`  not ok ${line}`);
  count.failed += stray.length;
  return count;
}

/** The line that a step ends with. */
export const summary = ({ passed, failed }: Count): string => `${passed} passed, ${failed} failed`;

function explain(error: unknown): string {
  if (!(error instanceof Error)) return `    ${String(error)}`;
  // Not every engine's stack begins with the message.
  const stack = error.stack ?? "";
  const text = stack.includes(error.message) ? stack : `${String(error)}\n${stack}`;
  return `    ${text}${error.cause === undefined ? "" : `\n    because of ${explain(error.cause).trim()}`}`;
}
