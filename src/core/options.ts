import { kindOf, quote, StoreError } from "./error.ts";

/** What every store takes. */
export interface StoreOptions {
  /**
   * How often expired entries are removed unasked: ms. `Infinity` leaves it to `sweep()` and to reads.
   * @default 300_000 (5 min) in memory, 3_600_000 (1 h) where persistent
   */
  sweepInterval?: number | undefined;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** What one option has to be. */
export interface Rule {
  /** Completes the sentence "option … must be". */
  readonly expected: string;
  readonly required?: boolean;
  /** Keeps the value out of messages. */
  readonly secret?: boolean;
  test(value: unknown): boolean;
}

/** The rules of options: one for each name. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

export const positiveInteger: Rule = {
  expected: "a positive integer",
  test: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

export const nonEmptyString: Rule = {
  expected: "a non-empty string",
  test: (value) => typeof value === "string" && value !== "",
};

export const boolean: Rule = { expected: "true or false", test: (value) => typeof value === "boolean" };

export const callable: Rule = { expected: "a function", test: (value) => typeof value === "function" };

/** A span of time: ms, more than 0, possibly `Infinity`. */
export const milliseconds: Rule = {
  expected: "a number of ms above 0",
  test: (value) => typeof value === "number" && value > 0,
};

/** The rules of {@link StoreOptions}, to be spread into a backend's own. */
export const storeRules: Rules<StoreOptions> = { sweepInterval: milliseconds, now: callable };

/**
 * Returns a backend's parameters as options if they follow the rules. Pure. Throws one `bad-config` with every
 * problem there is.
 */
export function checkOptions<Options extends object>(
  backend: string,
  parameters: unknown,
  rules: Rules<Options>,
): Options {
  const given = (parameters ?? {}) as Record<string, unknown>;
  const known: Record<string, Partial<Rule>> = rules;
  const problems = kindOf(given) === "Object" ? [] : [`parameters must be an object, got ${quote(given)}`];
  for (const name of Object.keys({ ...known, ...given })) {
    const { expected = "left out", test, required, secret } = known[name] ?? {};
    const value = given[name];
    if (value === undefined ? !required : test?.(value)) continue;
    problems.push(`option ${quote(name)} must be ${expected}${secret ? "" : `, got ${quote(value)}`}`);
  }
  if (problems.length) {
    throw new StoreError("bad-config", `Cannot open store "${backend}": ${problems.join("; ")}`);
  }
  return { ...given } as Options;
}
