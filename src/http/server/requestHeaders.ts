import { check } from "../../core/error.ts";
import { longestDelay } from "../../core/timers.ts";
import { idempotencyHeader, timeoutHeader, ttlHeader } from "../wire/headers.ts";
import { isMediaType } from "../wire/mediaType.ts";
import { keep } from "../wire/ttl.ts";

/** Reads the lifetime that a request asks for: ms, `Infinity`, or `keep`. Throws `invalid-argument`. */
export function readTtlOrKeep({ headers }: Request): number | typeof keep {
  const text = headers.get(ttlHeader);
  if (text === null) return Infinity;
  if (text === keep) return keep;
  check(/^\d+(\.\d+)?$/.test(text) && Number(text) > 0, "ttl", "a number of ms above 0", text);
  return Number(text);
}

/** Reads the lifetime that a request asks for: ms or `Infinity`. Throws `invalid-argument`. */
export function readTtl(request: Request): number {
  const ttl = readTtlOrKeep(request);
  check(ttl !== keep, "ttl", "a number of ms above 0", ttl);
  return ttl;
}

/** Reads the type of a body, if the request names one. Throws `invalid-argument`. */
export function readType({ headers }: Request): string | undefined {
  const text = headers.get("content-type");
  if (!text) return undefined;
  check(isMediaType(text), "content type", "a media type of at most 255 characters, such as text/plain", text);
  return text;
}

/** Reads how long the client waits: ms, or nothing. Throws `invalid-argument`. */
export function readTimeout({ headers }: Request): number | undefined {
  const text = headers.get(timeoutHeader);
  if (text === null) return undefined;
  check(/^\d+(\.\d+)?$/.test(text), "timeout", "a number of ms", text);
  return Math.min(Number(text), longestDelay);
}

/** Reads the name under which a request is to be applied once, if it has one. Throws `invalid-argument`. */
export function readIdempotencyKey({ headers }: Request): string | undefined {
  const text = headers.get(idempotencyHeader);
  if (text === null) return undefined;
  check(/^[!-~]{1,255}$/.test(text), "idempotency key", "1 to 255 visible ASCII characters", text);
  return text;
}
