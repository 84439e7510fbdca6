/**
 * `ok`, or the code of an error: marks an answer as a handler's own.
 *
 * @example Distinguishes the answer of a handler from that of a proxy.
 * ```ts
 * import { outcomeHeader } from "shelflife/http/wire";
 *
 *
 * const response = new Response(null, { status: 404, headers: { [outcomeHeader]: "not-found" } });
 * console.log(response.headers.get(outcomeHeader)); // not-found
 * ```
 */
export const outcomeHeader = "shelflife";
/**
 * How long a value that is written lives, or one that is read has left: ms.
 *
 * @example Writes a value for a minute.
 * ```ts
 * import { ttlHeader } from "shelflife/http/wire";
 *
 *
 * const request = new Request("https://app.example/store/entry?key=a", {
 *   method: "PUT",
 *   body: "hello",
 *   headers: { [ttlHeader]: "60000" },
 * });
 * console.log(request.headers.get("shelflife-ttl")); // 60000
 * ```
 */
export const ttlHeader = "shelflife-ttl";
/**
 * How long the client still waits for the answer: ms.
 *
 * @example Says that the answer is of use for two seconds.
 * ```ts
 * import { timeoutHeader } from "shelflife/http/wire";
 *
 *
 * console.log(new Headers({ [timeoutHeader]: "2000" }).get("shelflife-timeout")); // 2000
 * ```
 */
export const timeoutHeader = "shelflife-timeout";
/**
 * A name that no other request has: under it a write is applied once.
 *
 * @example Names a request, so that it may be repeated.
 * ```ts
 * import { onceHeader } from "shelflife/http/wire";
 *
 *
 * console.log(new Headers({ [onceHeader]: crypto.randomUUID() }).has("idempotency-key")); // true
 * ```
 */
export const idempotencyHeader = "idempotency-key";
/**
 * Of a push: the name of its replica, its number and a random word. Of an answer: that one is `forgotten`.
 */
export const replicaHeader = "shelflife-replica";
/**
 * The id of the change before the first of a stream.
 *
 * @example Reads where a stream begins.
 * ```ts
 * import { lastHeader } from "shelflife/http/wire";
 *
 *
 * console.log(new Headers({ "shelflife-last": "7" }).get(lastHeader)); // 7
 * ```
 */
export const lastHeader = "shelflife-last";

// RFC 6750: a scheme in any case, and the characters that a token may have.
const bearer = /^bearer +([\w\-.~+/]+=*) *$/i;

/** Returns the token that a request bears. */
export function readBearer({ headers }: Request): string | undefined {
  return bearer.exec(headers.get("authorization") ?? "")?.[1];
}

/**
 * Returns how long an answer asks to wait before the next request: ms, or nothing.
 *
 * @example Waits as long as a server asks for.
 * ```ts
 * import { readRetryAfter } from "shelflife/http/wire";
 *
 *
 * console.log(readRetryAfter(new Headers({ "retry-after": "2" }))); // 2000
 * ```
 */
export function readRetryAfter(headers: Headers, now: number = Date.now()): number | undefined {
  const text = headers.get("retry-after");
  if (!text) return undefined;
  return +text >= 0 ? +text * 1000 : Math.max(0, Date.parse(text) - now) || undefined;
}
