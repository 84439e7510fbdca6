import { isStoreError, quote, type StoreError } from "../../core/error.ts";
import type { Part, Report } from "./part.ts";
import { reportUnknown } from "./rules.ts";

/** Reports each problem that a check of options finds, where the option stands. */
export function reportProblems(
  check: (parameters: unknown) => unknown,
  parameters: unknown,
  part: Part | undefined,
  at: number,
  report: Report,
): void {
  try {
    check(parameters);
  } catch (error) {
    if (!isStoreError(error)) {
      // A factory of somebody else's.
      report(at, `expected parameters that can be checked, got ${(error as Error)?.message ?? quote(error)}`);
      return;
    }
    const found = problemsOf(error);
    const unknown = found.filter(({ expected }) => expected.startsWith("left out")).map(({ name }) => name);
    for (const { name, expected } of found) {
      const member = name === undefined ? undefined : part?.members?.get(name);
      if (member && unknown.includes(name)) {
        const others = Object.keys(Object(parameters) as object).filter((each) => !unknown.includes(each));
        reportUnknown(name!, member.nameAt, [...namesOf(check, parameters), ...others].sort(), report);
      } else report(member?.at ?? at, name === undefined ? expected : `expected ${quote(name)} to be ${expected}`);
    }
  }
}

/** Takes the message of a check apart: `option "a" must be …; option "b" must be …`. */
function problemsOf({ message }: StoreError): { name?: string; expected: string }[] {
  const parts = message.replace(/^Cannot (open store "[^"]*"|check tokens): /, "").split(/; (?=option "|parameters must |expected )/); // prettier-ignore
  return parts.map((text) => {
    const [, name, expected] = /^option ("(?:[^"\\]|\\.)*") must be (.*)$/s.exec(text) ?? [];
    return expected === undefined ? { expected: text } : { name: JSON.parse(name!) as string, expected };
  });
}

// What no file can hold: functions.
const inCodeOnly = ["fetch", "now", "scope"];

/** Which options a check knows besides those given: it asks for each of them by name. */
function namesOf(check: (parameters: unknown) => unknown, parameters: unknown): string[] {
  const asked = new Set<string>();
  const given = Object(parameters) as Record<string, unknown>;
  const spy = new Proxy(given, {
    get(target, name) {
      if (typeof name === "string" && !Object.hasOwn(target, name)) asked.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
  try {
    check(spy);
  } catch {
    // What is wrong is known already.
  }
  return [...asked].filter((name) => !inCodeOnly.includes(name));
}
