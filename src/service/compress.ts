import { check } from "../core/error.ts";
import { checkOptions, type Rule } from "../core/options.ts";
import { isEventStream, type Answer } from "../http/server/answer.ts";
import { lengthOf, withBody } from "../http/server/body.ts";

/** What is compressed. */
export interface CompressOptions {
  /** The shortest body: bytes. @default 1024 */
  minBytes?: number | undefined;
}

// What each runtime has: CompressionStream's "deflate" is HTTP's, with the header of zlib.
type Coding = "gzip" | "deflate";
const codings: readonly Coding[] = ["gzip", "deflate"];

// Values are bytes of which nobody knows what they are: it is tried.
const types =
  /^(text\/|application\/(json|javascript|octet-stream|xml|[\w.-]+\+(json|xml)|vnd\.shelflife\.frame)|image\/svg\+xml)/;

const length: Rule = { expected: "a number of bytes", test: (value) => typeof value === "number" && value >= 0 };

/**
 * Returns an answer that is compressed where the client asks for it and it makes the body shorter by a tenth or more.
 * Streams of events pass as they are, as what a client reads of them may not wait. A tag becomes weak (RFC 9110,
 * 8.8.3.3).
 *
 * @example Compresses an answer for a client that takes gzip.
 * ```ts
 * import { compress } from "shelflife/service/compress";
 *
 * const headers = { "content-type": "text/plain", "content-length": "5000" };
 * const answer = compress(async () => new Response("text ".repeat(1000), { headers }));
 * const response = await answer(new Request("https://app.example/", { headers: { "accept-encoding": "gzip" } }));
 * console.log(response.headers.get("content-encoding")); // gzip
 * ```
 */
export function compress(next: Answer, options: CompressOptions = {}): Answer {
  check(typeof next === "function", "answer", "a function", next);
  const { minBytes = 1024 } = checkOptions<CompressOptions>("compress", options, { minBytes: length });
  return async (request) => {
    const response = await next(request);
    if (!canGain(response, minBytes)) return response;
    addVary(response.headers);
    const coding = choose(request.headers.get("accept-encoding"));
    if (!coding) return response;
    if (request.method === "HEAD") {
      // As long as the answer to GET would be; nobody knows without making it.
      const headers = new Headers(response.headers);
      headers.delete("content-length");
      return withBody(response, null, headers);
    }
    if (!response.body) return response;
    const bytes = await response.arrayBuffer();
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream(coding));
    const compressed = await new Response(stream).arrayBuffer();
    if (compressed.byteLength > bytes.byteLength * 0.9) return withBody(response, bytes);
    const headers = new Headers(response.headers);
    headers.set("content-encoding", coding);
    headers.set("content-length", String(compressed.byteLength));
    const etag = headers.get("etag");
    if (etag?.startsWith('"')) headers.set("etag", `W/${etag}`);
    return withBody(response, compressed, headers);
  };
}

function canGain(response: Response, minBytes: number): boolean {
  const { status, headers } = response;
  // What is known already varies as the answer would that it stands for.
  if (status === 304) return true;
  if (status === 204 || status === 206 || headers.has("content-encoding") || isEventStream(response)) return false;
  // The rest is in memory as a whole, or nobody knows how long it lasts.
  const length = lengthOf(headers);
  return length !== undefined && length >= minBytes && types.test(headers.get("content-type") ?? "");
}

function addVary(headers: Headers): void {
  const vary = headers.get("vary");
  const names = vary?.toLowerCase().split(",");
  if (vary === "*" || names?.some((name) => name.trim() === "accept-encoding")) return;
  headers.append("vary", "accept-encoding");
}

/** Returns the coding that a client likes best of those that there are, if it likes any at least as well as none. */
function choose(accepted: string | null): Coding | undefined {
  if (accepted === null) return undefined;
  const weights = new Map<string, number>();
  for (const part of accepted.toLowerCase().split(",")) {
    const [, name, weight = "1"] = /^\s*([\w*-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/.exec(part) ?? [];
    if (name !== undefined) weights.set(name === "x-gzip" ? "gzip" : name, Number(weight));
  }
  const weigh = (name: Coding): number => weights.get(name) ?? weights.get("*") ?? 0;
  const best = codings.reduce((one, other) => (weigh(other) > weigh(one) ? other : one));
  return weigh(best) > 0 && weigh(best) >= (weights.get("identity") ?? 0) ? best : undefined;
}
