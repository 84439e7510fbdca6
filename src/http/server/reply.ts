import type { StoreErrorCode } from "../../core/error.ts";
import type { Found, Results, UnlessLine } from "../wire/batch.ts";
import { frame } from "../wire/frame.ts";
import { lastHeader, outcomeHeader, replicaHeader, ttlHeader } from "../wire/headers.ts";
import { jsonType } from "../wire/json.ts";
import { frameType, plainType, streamType } from "../wire/mediaType.ts";
import { isDirect, lazyResponse } from "./lazyResponse.ts";

/** An answer before it becomes a Response. Without a status it is 200, without an outcome `ok`. */
export interface Reply {
  readonly status?: number;
  readonly outcome?: StoreErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** The answer that has nothing to say but that it is done. */
export const done: Reply = { status: 204 };

export function writeJson(value: unknown): Reply {
  return { headers: { "content-type": jsonType }, body: new TextEncoder().encode(JSON.stringify(value)) };
}

export function writeFrame(
  head: Found | Results | readonly (UnlessLine | null)[],
  values: readonly Uint8Array[],
): Reply {
  return framed(frame(head, values));
}

/** Answers with a frame. */
export function framed(body: Uint8Array<ArrayBuffer>): Reply {
  return { headers: { "content-type": frameType }, body };
}

/** Writes a value, or that it is still the one of a tag that the client has. */
export function writeEntry(value: Uint8Array, ttl: number, etag?: string, isKnown = false): Reply {
  const headers = { ...(ttl < Infinity && { [ttlHeader]: String(ttl) }), ...(etag && { etag }) };
  if (isKnown) return { status: 304, headers };
  return {
    headers: { ...headers, "content-type": plainType },
    body: value as Uint8Array<ArrayBuffer>,
  };
}

/**
 * Gives a value the type that it was written with. Anybody may have written it: a browser shows it without running
 * anything of it, and takes it for no program of a page.
 */
export function writeType(reply: Reply, type: string, { headers }: Request): Reply {
  if (!reply.body || /script|work|xslt/.test(headers.get("sec-fetch-dest") ?? "")) return reply;
  const more = {
    "content-type": type,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  };
  return { ...reply, headers: { ...reply.headers, ...more } };
}

/** Writes a stream of server-sent events after an id. nginx buffers it unless a header says not to. */
export function writeStream(body: ReadableStream<Uint8Array<ArrayBuffer>>, last: string): Reply {
  return { headers: { "content-type": streamType, "x-accel-buffering": "no", [lastHeader]: last }, body };
}

/** Returns what a page of another origin has to be shown of an answer so that it can read it. */
export function exposedHeaders(): string {
  return ["content-encoding", "etag", lastHeader, outcomeHeader, replicaHeader, "retry-after", ttlHeader].join(", ");
}

/** Makes a Response of a reply, marked as a handler's own. */
export function toResponse(reply: Reply, request: Request, more: Reply["headers"]): Response {
  const { status = 200, outcome = "ok", body = null } = reply;
  const headers: Record<string, string> = {
    ...reply.headers,
    ...more,
    [outcomeHeader]: outcome,
    "cache-control": "no-store, no-transform",
    "x-content-type-options": "nosniff",
  };
  if (body && "length" in body) headers["content-length"] = String(body.length);
  const sent = request.method === "HEAD" ? null : body;
  if (isDirect(request) && !(sent instanceof ReadableStream)) return lazyResponse({ status, headers, body: sent });
  return new Response(sent, { status, headers });
}
