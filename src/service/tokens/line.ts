import { isInstant } from "../../core/instant.ts";
import { actions, isActions, isPrefix, type Scope } from "../../http/server/scope.ts";

/** What a line of a token file says. */
export interface TokenLine extends Scope {
  readonly name: string;
  /** Of the token, in hex. */
  readonly sha256: string;
  /** ISO 8601; never without. */
  readonly expires?: string | undefined;
}

/** Something wrong at a place of a file. It quotes nothing: there may be a token in the wrong place. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
}

const hex = /^[\da-f]{64}$/;

const rules: { readonly [field in keyof Required<TokenLine>]: readonly [(value: unknown) => boolean, string] } = {
  name: [(value) => typeof value === "string" && value !== "", "name to be a non-empty string"],
  sha256: [(value) => typeof value === "string" && hex.test(value), "sha256 to be 64 hex digits in lower case"],
  prefix: [isPrefix, "prefix to be a string of fewer than 1,024 bytes"],
  can: [isActions, `can to be a list of ${actions.join(", ")}`],
  expires: [isInstant, "expires to be a time such as 2030-01-31T00:00:00Z"],
};

/** Reads a token file: an object of JSON on each line; empty lines, and those that begin with #, say nothing. */
export function readTokenLines(text: string): { lines: TokenLine[]; problems: Problem[] } {
  const lines: TokenLine[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  for (const [index, source] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(source)) continue;
    const line = index + 1;
    const found = checkLine(source).map((each) => ({ line, ...each }));
    for (const each of found) problems.push(each);
    if (found.length) continue;
    const read = JSON.parse(source) as TokenLine;
    const other = seen.get(read.sha256);
    if (other !== undefined) problems.push({ line, column: 1, expected: `another token than that of line ${other}` });
    seen.set(read.sha256, line);
    lines.push(read);
  }
  return { lines, problems };
}

function checkLine(source: string): { column: number; expected: string }[] {
  let members: Map<string, Member>;
  try {
    members = readMembers(source);
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return [{ column: error.at + 1, expected: error.message }];
  }
  const problems = [];
  for (const [name, { at }] of members) {
    if (!Object.hasOwn(rules, name))
      problems.push({ column: at + 1, expected: `only ${Object.keys(rules).join(", ")}` });
  }
  for (const [name, [test, expected]] of Object.entries(rules)) {
    const member = members.get(name);
    const isRight = member ? test(member.value) : name !== "name" && name !== "sha256";
    if (!isRight) problems.push({ column: (member?.valueAt ?? source.search(/\S/)) + 1, expected });
  }
  return problems;
}

interface Member {
  readonly value: unknown;
  /** Where its name and its value begin. */
  readonly at: number;
  readonly valueAt: number;
}

class Damage extends Error {
  readonly at: number;

  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
  }
}

const space = /[ \t]*/y;
const scalar = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy; // prettier-ignore

/** Reads an object with the places of its members, which the engines' own parsers do not report, or each in its own words. */
function readMembers(source: string): Map<string, Member> {
  let at = 0;

  function skip(): number {
    space.lastIndex = at;
    space.test(source);
    return (at = space.lastIndex);
  }

  function take(mark: string): boolean {
    if (source[skip()] !== mark) return false;
    at++;
    return true;
  }

  function need(mark: string, expected = mark): void {
    if (!take(mark)) throw new Damage(at, expected);
  }

  function value(): unknown {
    if (take("[")) {
      const items: unknown[] = [];
      if (take("]")) return items;
      // Whatever follows: lists in lists, of any depth, have no place in such a file.
      do items.push(single("a string"));
      while (take(","));
      need("]", ", or ]");
      return items;
    }
    return single("a string, or a list of strings");
  }

  function single(expected: string): unknown {
    scalar.lastIndex = skip();
    const text = scalar.exec(source)?.[0];
    if (text === undefined) throw new Damage(at, expected);
    at += text.length;
    return JSON.parse(text);
  }

  const members = new Map<string, Member>();
  need("{", "an object of JSON");
  if (!take("}")) {
    do {
      const start = skip();
      if (source[at] !== '"') throw new Damage(at, "a name in quotes");
      const name = value() as string;
      if (members.has(name)) throw new Damage(start, "each name once");
      need(":");
      const valueAt = skip();
      members.set(name, { at: start, valueAt, value: value() });
    } while (take(","));
    need("}", ", or }");
  }
  if (skip() < source.length) throw new Damage(at, "the end of the line");
  return members;
}
