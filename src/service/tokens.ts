import { quote, StoreError } from "../core/error.ts";
import { callable, checkOptions, milliseconds, nonEmptyString } from "../core/options.ts";
import { actions, isActions, isPrefix, type Action, type Scope } from "../http/server/scope.ts";
import { readBearer } from "../http/wire/headers.ts";
import { readTokenLines, type Problem, type TokenLine } from "./tokens/line.ts";

export type { Action, Scope };

/** Where tokens are kept. */
export interface TokensOptions {
  /** The file: what {@link createToken} returns as `line`, one on each line. */
  path: string;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
  /** Is told, in a sentence, what whoever runs this should know: the file is damaged or gone, or others may write it. */
  tell?: ((message: string) => void) | undefined;
}

/** The bearer tokens that a file lists. */
export interface Tokens {
  /**
   * Returns what the bearer of a request may do: `true` for everything, `false` when the token is not listed or has
   * expired. Looks once a second whether the file is another one, so what is struck from it opens nothing a second later.
   */
  authorize(request: Request): boolean | Scope;
  /** Returns the name of whoever a request comes from, to count by. */
  holder(request: Request): string | undefined;
  /** Reads the file now. Rejects `bad-config`, with every problem, and goes on with what it knew. */
  reload(): Promise<void>;
  /** From here on nobody is let in. */
  close(): void;
}

// The time between two looks at the file: ms.
const interval = 1000;
// A file that is younger than this may be written again without its time telling: ms.
const unsettled = 2000;

/** What the next look at the file compares. */
interface Version {
  readonly stamp: string;
  readonly isSettled: boolean;
}

/**
 * Reads a file of bearer tokens. It holds only their SHA-256, so who reads it can forge none. Changes are seen without a
 * restart; of a file that got damaged or lost it tells, and the tokens stay those from before. Rejects `bad-config` with
 * the line and column of every problem.
 */
export async function tokens(options: TokensOptions): Promise<Tokens> {
  const {
    path,
    now = Date.now,
    tell,
  } = checkOptions<TokensOptions>("tokens", options, {
    path: { ...nonEmptyString, required: true },
    now: callable,
    tell: callable,
  });
  const { readFileSync, statSync } = await import("node:fs");
  const { createHash } = await import("node:crypto");
  const known = new WeakMap<Request, TokenLine | null>();
  let lines: readonly TokenLine[] = [];
  let words = new Int32Array();
  let version: Version | undefined;
  let lookedAt = now();
  let told: string | undefined;
  let isClosed = false;

  function look(): Version {
    const { ino, size, mtimeMs, mode } = statSync(path);
    return { stamp: `${ino} ${size} ${mtimeMs} ${mode}`, isSettled: Date.now() - mtimeMs >= unsettled };
  }

  function isOther(): boolean {
    try {
      return !version?.isSettled || look().stamp !== version.stamp;
    } catch {
      return true;
    }
  }

  function load(): void {
    version = undefined;
    let text: string;
    try {
      // Looked at first: what is written meanwhile makes it another one.
      const seen = look();
      text = readFileSync(path, "utf8");
      version = seen;
    } catch (cause) {
      throw new StoreError("bad-config", `Cannot read tokens ${quote(path)}: expected a file that can be read`, {
        cause,
      });
    }
    const read = readTokenLines(text);
    if (read.problems.length) {
      throw new StoreError("bad-config", `Cannot read tokens ${quote(path)}: ${read.problems.map(show).join("; ")}`);
    }
    lines = read.lines;
    words = new Int32Array(lines.flatMap(({ sha256 }) => wordsOf(sha256)));
  }

  function refresh(): void {
    const time = now();
    if (Math.abs(time - lookedAt) < interval) return;
    lookedAt = time;
    if (!isOther()) return;
    try {
      load();
      told = undefined;
    } catch (error) {
      // Once, and not after each look.
      const { message } = error as Error;
      if (message !== told) tell?.((told = message));
    }
  }

  /** Returns the line of the token that a request bears. */
  function find(request: Request): TokenLine | undefined {
    if (isClosed) return undefined;
    refresh();
    let line = known.get(request);
    if (line === undefined) {
      const token = readBearer(request);
      const hash = token && createHash("sha256").update(token).digest("hex");
      line = (hash && lines[search(words, wordsOf(hash))]) || null;
      known.set(request, line);
    }
    return line && now() < expiryOf(line) ? line : undefined;
  }

  load();
  if (globalThis.process?.platform !== "win32" && statSync(path).mode & 0o022) {
    tell?.(`Tokens ${quote(path)} can be written by others: expected a file that only its owner can write (chmod 600)`);
  }
  return {
    authorize(request) {
      const line = find(request);
      if (!line) return false;
      const { prefix = "", can } = line;
      return prefix === "" && !can ? true : { prefix, can };
    },
    holder: (request) => find(request)?.name,
    async reload() {
      load();
      told = undefined;
    },
    close() {
      isClosed = true;
    },
  };
}

/** Whom a token is for, and what it opens. */
export interface NewToken extends Scope {
  /** What its holder is called in a count or a log. */
  name: string;
  /** How long it is good for: ms. @default for ever */
  ttl?: number | undefined;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** Makes a token of 256 random bits, and the line of a token file that lets its bearer in. Rejects `bad-config`. */
export async function createToken(options: NewToken): Promise<{ token: string; line: string }> {
  const {
    name,
    prefix,
    can,
    ttl = Infinity,
    now = Date.now,
  } = checkOptions<NewToken>("token", options, {
    name: { ...nonEmptyString, required: true },
    prefix: { expected: "a string of fewer than 1,024 bytes", test: isPrefix },
    can: { expected: `a list of ${actions.join(", ")}`, test: isActions },
    ttl: milliseconds,
    now: callable,
  });
  const random = crypto.getRandomValues(new Uint8Array(32));
  const token = `shelf_${btoa(String.fromCharCode(...random))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace("=", "")}`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // No date goes further.
  const expiresAt = Math.min(now() + ttl, 8.64e15);
  const line: TokenLine = {
    name,
    sha256,
    ...(prefix !== undefined && { prefix }),
    ...(can && { can }),
    ...(ttl !== Infinity && { expires: new Date(expiresAt).toISOString() }),
  };
  return { token, line: JSON.stringify(line) };
}

function show({ line, column, expected }: Problem): string {
  return `line ${line}, column ${column}: expected ${expected}`;
}

function expiryOf({ expires }: TokenLine): number {
  return expires === undefined ? Infinity : Date.parse(expires);
}

function wordsOf(sha256: string): number[] {
  return Array.from({ length: 8 }, (_, index) => parseInt(sha256.slice(index * 8, index * 8 + 8), 16) | 0);
}

/** Returns the number of a hash among others, or -1. It takes as long for each, and goes on when it has found it. */
function search(words: Int32Array, hash: readonly number[]): number {
  let found = 0;
  for (let at = 0; at < words.length; at += 8) {
    let difference = 0;
    for (let word = 0; word < 8; word++) difference |= words[at + word]! ^ hash[word]!;
    // All ones where there is no difference, else all zeros: no branch tells which.
    const isEqual = ~((difference | -difference) >> 31);
    found |= isEqual & (at / 8 + 1);
  }
  return found - 1;
}
