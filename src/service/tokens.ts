import { check } from "../core/error.ts";
import { callable, checkOptions, nonEmptyString } from "../core/options.ts";
import type { Action, Scope } from "../http/server/scope.ts";
import { readBearer } from "../http/wire/headers.ts";
import { createTokenFile } from "./tokens/file.ts";
import type { TokenLine } from "./tokens/line.ts";
import { createTable } from "./tokens/table.ts";

export { createToken, type NewToken } from "./tokens/create.ts";
export type { Action, Scope };

/** Where tokens are kept. */
export interface TokensOptions {
  /**
   * The file: what {@link createToken} returns as `line`, one on each line. A relative name counts from where the process is
   * when this is called.
   */
  path: string;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
  /** Called with a sentence that whoever runs this should read: the file is damaged, empty or gone, or others may write it. */
  tell?: ((message: string) => void) | undefined;
}

/** The bearer tokens that a file lists. */
export interface Tokens {
  /**
   * Returns what the bearer of a request may do: `true` for everything, `false` when the token is not listed or has
   * expired. Looks once a second whether the file is another one, so a line that is deleted opens nothing a second later; where it was the only one, a comment has to take its place.
   */
  authorize(request: Request): boolean | Scope;
  /** Returns the name of the holder that a request comes from, to count by. */
  holder(request: Request): string | undefined;
  /** Reads the file now. Rejects `bad-config`, with every problem, and goes on with what it knew. */
  reload(): Promise<void>;
  /** From here on nobody is let in. */
  close(): void;
}

// The time between two looks at the file: ms.
const interval = 1000;

/**
 * Reads a file of bearer tokens. It holds only their SHA-256, so that nobody can forge one from it. Changes are seen
 * without a restart. A file that got damaged, lost, or empty but for white space is reported, and the tokens stay those
 * from before: to let nobody in leave a comment (`#`) in it. Rejects `bad-config` with the line and column of every
 * problem.
 *
 * @example Lets in the bearer of a token.
 * ```ts
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { createToken, tokens } from "shelflife/service/tokens";
 *
 * const folder = await mkdtemp("/tmp/shelflife-");
 * const { token, line } = await createToken({ name: "ada", prefix: "ada/" });
 * await writeFile(`${folder}/tokens.jsonl`, `${line}\n`);
 * const known = await tokens({ path: `${folder}/tokens.jsonl` });
 * const request = new Request("https://app.example/", { headers: { authorization: `Bearer ${token}` } });
 * console.log(known.holder(request)); // ada
 * known.close();
 * await rm(folder, { recursive: true });
 * ```
 */
export async function tokens(options: TokensOptions): Promise<Tokens> {
  const {
    path: name,
    now = () => Date.now(),
    tell: report,
  } = checkOptions<TokensOptions>("tokens", options, {
    path: { ...nonEmptyString, required: true },
    now: callable,
    tell: callable,
  });
  const folder = process.cwd();
  const { resolve } = await import("node:path");
  const path = resolve(folder, name);
  const file = createTokenFile(path, await import("node:fs"));
  const { createHash } = await import("node:crypto");
  const known = new WeakMap<Request, TokenLine | null>();
  let findLine = createTable(file.read());
  let lookedAt = now();
  let reported: string | undefined;
  let isClosed = false;

  function load(): void {
    findLine = createTable(file.read());
    reported = undefined;
  }

  function refresh(): void {
    const time = now();
    if (Math.abs(time - lookedAt) < interval) return;
    lookedAt = time;
    if (!file.hasChanged()) return;
    try {
      load();
    } catch (error) {
      // Once, and not after each look.
      const { message } = error as Error;
      if (message !== reported) report?.((reported = message));
    }
  }

  /** Returns the line of the token that a request bears. */
  function find(request: Request): TokenLine | undefined {
    check(typeof request?.headers?.get === "function", "request", "a Request", request);
    if (isClosed) return undefined;
    refresh();
    let line = known.get(request);
    if (line === undefined) {
      const token = readBearer(request);
      line = (token && findLine(createHash("sha256").update(token).digest("hex"))) || null;
      known.set(request, line);
    }
    return line && now() < expiryOf(line) ? line : undefined;
  }

  if (file.isWritableByOthers()) {
    const expected = "expected a file that only its owner can write (chmod 600)";
    report?.(`Tokens ${JSON.stringify(path)} can be written by others: ${expected}`);
  }
  return {
    authorize(request) {
      const line = find(request);
      if (!line) return false;
      const { prefix = "", can } = line;
      return prefix === "" && !can ? true : { prefix, can };
    },
    holder: (request) => find(request)?.name,
    reload: async () => load(),
    close() {
      isClosed = true;
    },
  };
}

function expiryOf({ expires }: TokenLine): number {
  return expires === undefined ? Infinity : Date.parse(expires);
}
