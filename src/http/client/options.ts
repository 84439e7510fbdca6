import type { Awaitable } from "../../core/contract.ts";
import { callable, checkOptions, milliseconds, positiveInteger, storeRules, type StoreOptions } from "../../core/options.ts"; // prettier-ignore

/** Where a remote store is and how it is asked. */
export interface RemoteOptions extends StoreOptions {
  /** Where the handler is mounted: an http or https URL, or in a page a path that begins with "/". */
  url: string;
  /** What every request carries besides. @default none */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What the requests are authorized by, as a bearer token, or a function that returns it. That is called for each try of each
   * request, so that a new token counts at once; `undefined` sends none. A call whose token it does not return, since it
   * throws or rejects, rejects `unauthorized`. @default none
   */
  token?: string | (() => Awaitable<string | undefined>) | undefined;
  /** What sends a request in place of the platform's own. @default globalThis.fetch */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** How long a request may take, repetitions included: ms. @default 30_000 */
  timeout?: number | undefined;
  /** How often a request is sent at most. @default 4 */
  attempts?: number | undefined;
}

/** Whether something can be a token. */
export const isToken = (value: unknown): value is string => typeof value === "string" && /^[!-~]+$/.test(value);

/** Returns a remote's parameters as options. Throws one `bad-config` with every problem. */
export function checkRemoteOptions(parameters: unknown): RemoteOptions {
  const { url } = Object(parameters) as RemoteOptions;
  const { username, password } = parse(url) ?? {};
  return checkOptions<RemoteOptions>("http", parameters, {
    ...storeRules,
    url: {
      expected: `an http or https URL${username || password ? " without credentials" : ""}`,
      required: true,
      // With the credentials that it should not have.
      secret: !!orNothing(() => String(url))?.includes("@"),
      test: () => /^https?:\/\/[^@/]+\/[^?#]*$/.test(parse(url)?.href ?? ""),
    },
    headers: {
      expected: "an object of headers",
      secret: true,
      test: (headers) => Object(headers) === headers && !!orNothing(() => new Headers(headers as {})),
    },
    token: {
      expected: "visible ASCII characters, or a function",
      secret: true,
      test: (token) => isToken(token) || callable.test(token),
    },
    fetch: callable,
    timeout: milliseconds,
    attempts: positiveInteger,
  });
}

/** Returns the whole URL of a mount. */
export function mountOf({ url }: RemoteOptions): string {
  return /^.*[^/]/.exec(parse(url)!.href)![0];
}

/** Returns the whole URL that a configured one stands for, or nothing if it is none. */
function parse(url: unknown): URL | undefined {
  return orNothing(() => new URL(url as string, globalThis.location?.href));
}

function orNothing<R>(work: () => R): R | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
