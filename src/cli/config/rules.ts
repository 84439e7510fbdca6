import { quote } from "../../core/error.ts";
import { isHostName } from "../../core/expose.ts";
import { durations, readDuration } from "../duration.ts";
import { suggest } from "../../core/suggest.ts";
import type { Part, Report } from "./part.ts";

/** Reads a part of a configuration; reports what is wrong with it, and returns `undefined` then. */
export type Rule<T> = (part: Part, report: Report) => T | undefined;

/** The rules of a section's parts. */
export type Section<T> = { readonly [Name in keyof T]-?: Rule<NonNullable<T[Name]>> };

function rule<T>(expected: string, read: (value: unknown) => T | undefined, isSecret = false): Rule<T> {
  return ({ value, at }, report) => {
    const result = read(value);
    if (result === undefined) report(at, `expected ${expected}${isSecret ? "" : `, got ${quote(value)}`}`);
    return result;
  };
}

/** A text that is not empty. */
export const text: Rule<string> = rule("a non-empty string", (value) =>
  typeof value === "string" && value !== "" ? value : undefined,
);

/** A whole number above 0. */
export const count: Rule<number> = rule("a positive integer", (value) => {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) > 0 ? (number as number) : undefined;
});

/** A number above 0. */
export const rate: Rule<number> = rule("a number above 0", (value) =>
  typeof value === "number" && value > 0 && value < Infinity ? value : undefined,
);

/** The port of a TCP server. */
export const port: Rule<number> = rule("a port from 0 to 65535", readPort);

/** Returns the port that a text or a number stands for. */
export function readPort(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) < 65_536
    ? (number as number)
    : undefined;
}

/** Whether a value is one that YAML reads from a plain text: a list of one is not. */
function isText(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

/** A span of time: ms. */
export const duration: Rule<number> = rule(durations, (value) =>
  isText(value) ? readDuration(String(value)) : undefined,
);

/** A number of bytes: as it is, or with a unit of 1,024. */
export const bytes: Rule<number> = rule("a number of bytes such as 4096, 64KiB or 16MiB", (value) => {
  const [, digits, unit] = /^(\d+) ?(?:([KMG])iB)?$/.exec(isText(value) ? String(value) : "") ?? [];
  const number = Number(digits) * 1024 ** ["", "K", "M", "G"].indexOf(unit ?? "");
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
});

/** True or false. */
export const flag: Rule<boolean> = rule("true or false", (value) => (typeof value === "boolean" ? value : undefined));

/** True or false, or a section with some of these names. */
export function flagOr<T extends object>(rules: Section<T>): Rule<boolean | T> {
  const isOne = rule(`true, false, or some of ${Object.keys(rules).join(", ")}`, (value) => (typeof value === "boolean" ? value : undefined)); // prettier-ignore
  return (part, report) => (part.members ? section(rules)(part, report) : isOne(part, report));
}

/** One of some values. */
export function oneOf<const T extends readonly (string | boolean)[]>(...values: T): Rule<T[number]> {
  const expected = values.map((each) => quote(each)).join(" or ");
  return rule(expected, (value) => (values.includes(value as T[number]) ? (value as T[number]) : undefined));
}

/** A text of a pattern. */
export function matching(expected: string, pattern: RegExp): Rule<string> {
  return rule(expected, (value) => (typeof value === "string" && pattern.test(value) ? value : undefined));
}

/** The name of a host, without a port. */
export const hostName: Rule<string> = rule("a name such as store.example, without a port", (value) =>
  isHostName(value) ? (value as string) : undefined,
);

/** Anything at all: somebody else knows what it has to be. */
export const anything: Rule<unknown> = ({ value }) => value;

/** A list, each item of which follows a rule. */
export function list<T>(item: Rule<T>): Rule<T[]> {
  return ({ value, at, items }, report) => {
    if (!items) {
      report(at, `expected a list, got ${quote(value)}`);
      return undefined;
    }
    return items.map((each) => item(each, report)).filter((each) => each !== undefined);
  };
}

/** A list, or "*" for anything. */
export function anyOr<T>(item: Rule<T>): Rule<"*" | T[]> {
  return (part, report) => {
    if (part.value === "*") return "*";
    if (part.items) return list(item)(part, report);
    report(part.at, `expected a list or "*", got ${quote(part.value)}`);
    return undefined;
  };
}

/** A section with a rule for each of its parts, none of which has to be there. */
export function section<T extends object>(rules: Section<T>, required: readonly (keyof T & string)[] = []): Rule<T> {
  return ({ value, at, members }, report) => {
    const result: Record<string, unknown> = {};
    if (!members) {
      // A section of which everything is a comment.
      if (value !== null) report(at, `expected ${Object.keys(rules).join(", ")}, got ${quote(value)}`);
      if (value !== null) return undefined;
    }
    for (const [name, part] of members ?? []) {
      if (!Object.hasOwn(rules, name)) reportUnknown(name, part.nameAt, Object.keys(rules), report);
      // What has no value is left out.
      else if (part.value !== null) result[name] = rules[name as keyof T](part, report);
    }
    for (const name of required) if (!(name in result)) report(at, `expected ${quote(name)} here`);
    return result as T;
  };
}

/** Reports a name that nothing knows. */
export function reportUnknown(name: string, at: number, names: readonly string[], report: Report): void {
  report(at, `expected one of ${names.join(", ")}, got ${quote(name)}${suggest(name, names)}`);
}
