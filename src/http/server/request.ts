import { check, isStoreError, quote, StoreError } from "../../core/error.ts";
import { isDirect, readDirect } from "./lazyResponse.ts";
import { refusal } from "./refusal.ts";

/** What a request's address says. */
export interface Target {
  /** The last segment of the path. */
  readonly resource: string;
  /** The query as it was sent. */
  readonly query: string;
}

/**
 * Reads a request's address. Nothing is assumed about what comes before the last segment of the path, since a proxy may
 * have changed it, unless a base is given.
 */
export function readTarget(url: string, base: string | undefined): Target {
  const [, path, query = ""] = /^(?:[a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(url)!;
  const slash = path!.lastIndexOf("/");
  if (base !== undefined && path!.slice(0, slash) !== base) throw refusePath(path!);
  return { resource: path!.slice(slash + 1), query };
}

/** Whether a request changes nothing. */
export const isRead = ({ method }: Request): boolean => method === "GET" || method === "HEAD";

/** Returns the refusal of a path that leads nowhere. It is not a miss: no key was asked for. */
export function refusePath(path: string): StoreError {
  return refusal("path", `Unknown path: expected one that ends in a resource of a store, got ${quote(path)}`);
}

/**
 * Reads the parameters of a query, each at most once, and none but the given. Written like a form, where a + is a
 * space; but what is no UTF-8 is refused rather than replaced, which would make one key of two. Throws `invalid-argument`.
 */
export function readQuery(query: string, names: readonly string[]): Partial<Record<string, string>> {
  const parameters: Partial<Record<string, string>> = {};
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [name, text = ""] = pair.split(/=(.*)/s, 2) as [string, string?];
    check(names.includes(name), "query", names.length ? `only ${names.join(", ")}` : "none", name);
    check(!Object.hasOwn(parameters, name), "query", "each parameter once", name);
    parameters[name] = decode(text);
  }
  return parameters;
}

function decode(text: string): string {
  let decoded: string | undefined;
  try {
    // What comes unencoded a server may have read as Latin-1.
    if (/^[!-~]*$/.test(text)) decoded = decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // Refused below.
  }
  check(decoded !== undefined, "query", "percent-encoded UTF-8", text);
  return decoded;
}

/**
 * Reads the body of a request, up to so many bytes. What is longer is refused while it is read, whatever length was
 * announced; what is shorter than announced was cut on the way and is `invalid-argument`.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  for (const name of ["content-encoding", "content-range"]) {
    const value = request.headers.get(name);
    if (value !== null && value !== "identity") {
      throw refusal("encoding", `Unexpected header ${quote(name)}: expected a body as it is, got ${quote(value)}`);
    }
  }
  const announced = request.headers.get("content-length");
  if (Number(announced) > maxBytes) throw tooLarge(maxBytes);
  // A server sees to it that there is no more than was announced, and this one that there is no less.
  if (announced !== null && isDirect(request)) return readDirect(request).catch(() => cutShort());
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Firefox gives a request no stream.
  const stream = "body" in request ? request.body : new Response(await (request as Request).arrayBuffer()).body;
  const reader = stream?.getReader();
  try {
    for (let part = await reader?.read(); part?.value; part = await reader!.read()) {
      length += part.value.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(part.value);
    }
  } catch (cause) {
    // Not awaited: a client that sends without end may never answer this.
    reader!.cancel().catch(() => {});
    if (isStoreError(cause)) throw cause;
    length = -1;
  }
  if (announced === null ? length < 0 : Number(announced) !== length) cutShort();
  if (chunks.length === 1) return chunks[0]!;
  const body = new Uint8Array(length);
  chunks.reduce((at, chunk) => {
    body.set(chunk, at);
    return at + chunk.length;
  }, 0);
  return body;
}

function cutShort(): never {
  throw new StoreError("invalid-argument", 'Invalid body: expected all of it, got "only a part"');
}

function tooLarge(maxBytes: number): StoreError {
  return refusal("size", `Body is too large: expected at most ${maxBytes} bytes`);
}
