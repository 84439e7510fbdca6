/** `ok`, or the code of an error: marks an answer as a handler's own. */
export const outcomeHeader = "shelflife";
export const ttlHeader = "shelflife-ttl";
/** How long the client still waits for the answer: ms. */
export const timeoutHeader = "shelflife-timeout";
/** A name that no other request has: under it a write is applied once. */
export const idempotencyHeader = "idempotency-key";
/**
 * Of a push: the name of its replica, its number and a random word. Of an answer: that one is `forgotten`.
 */
export const replicaHeader = "shelflife-replica";
/** The id of the change before the first of a stream. */
export const lastHeader = "shelflife-last";

// RFC 6750: a scheme in any case, and the characters that a token may have.
const bearer = /^bearer +([\w\-.~+/]+=*) *$/i;

/** Returns the token that a request bears. */
export function readBearer({ headers }: Request): string | undefined {
  return bearer.exec(headers.get("authorization") ?? "")?.[1];
}

/** Returns how long an answer asks to wait before the next request: ms, or nothing. */
export function readRetryAfter(headers: Headers, now: number = Date.now()): number | undefined {
  const text = headers.get("retry-after");
  if (!text) return undefined;
  return +text >= 0 ? +text * 1000 : Math.max(0, Date.parse(text) - now) || undefined;
}
