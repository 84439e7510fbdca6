import { callable, checkOptions, milliseconds, nonEmptyString } from "../../core/options.ts";
import { actions, isActions, isPrefix, type Scope } from "../../http/server/scope.ts";
import type { TokenLine } from "./line.ts";

/** The holder of a token, and what it opens. */
export interface NewToken extends Scope {
  /** What its holder is called in a count or a log. */
  name: string;
  /** How long it is good for: ms. @default for ever */
  ttl?: number | undefined;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Makes a token of 256 random bits, and the line of a token file that lets its bearer in. Rejects `bad-config`.
 *
 * @example Makes a token for an hour.
 * ```ts
 * import { createToken } from "shelflife/service/tokens";
 *
 * const { token, line } = await createToken({ name: "ada", prefix: "ada/", ttl: 3_600_000 });
 * console.log(line.includes(token), JSON.parse(line).name); // false ada
 * ```
 */
export async function createToken(options: NewToken): Promise<{ token: string; line: string }> {
  const {
    name,
    prefix,
    can,
    ttl = Infinity,
    now = () => Date.now(),
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
  // The year of a line has four digits.
  const expiresAt = Math.min(now() + ttl, latest);
  const line: TokenLine = {
    name,
    sha256,
    ...(prefix !== undefined && { prefix }),
    ...(can && { can }),
    ...(ttl !== Infinity && { expires: new Date(expiresAt).toISOString() }),
  };
  return { token, line: JSON.stringify(line) };
}
