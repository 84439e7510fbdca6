import { kindOf } from "./error.ts";
import { milliseconds, positiveInteger, type Rule } from "./options.ts";

/** How much of what has changed is remembered for those who come back. */
export interface HistoryOptions {
  /** For how long: ms, possibly `Infinity`. @default 604_800_000 (7 days) */
  maxAge?: number | undefined;
  /** How many changes. @default 100_000 */
  maxChanges?: number | undefined;
}

/** The same, with nothing left out. */
export type History = { readonly [Name in keyof HistoryOptions]-?: number };

const parts: Readonly<Record<string, Rule>> = { maxAge: milliseconds, maxChanges: positiveInteger };

/** The rule of {@link HistoryOptions} as an option, or of a word about them. */
export const historyRule: Rule = {
  expected: "true, false, or an object with maxAge (a number of ms above 0) or maxChanges (a positive integer)",
  test: (value) =>
    typeof value === "boolean" ||
    (kindOf(value) === "Object" &&
      Object.entries(value as object).every(([name, part]) => part === undefined || parts[name]?.test(part))),
};

/** Returns what an option asks for: `undefined` for nothing, `false` for none. */
export function readHistory(option: boolean | HistoryOptions | undefined): History | false | undefined {
  if (option === undefined || option === false) return option;
  const { maxAge = 604_800_000, maxChanges = 100_000 } = option === true ? {} : option;
  return { maxAge, maxChanges };
}
