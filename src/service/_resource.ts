// What a log and a metric may tell of a request: one of a few names each, and nothing that a client made up.

const resources = new Set(
  "batch changes entries entry increment sweep take touch health ready metrics docs openapi.json".split(" "),
);
const methods = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" "));

/** Returns the last segment of a path if it is one of ours, and the method if it is a known one. */
export function describe({ method, url }: Request): { method: string; resource: string | undefined } {
  const end = url.search(/[?#]|$/);
  const segment = url.slice(url.lastIndexOf("/", end) + 1, end);
  return { method: methods.has(method) ? method : "_OTHER", resource: resources.has(segment) ? segment : undefined };
}

/** Returns the length that headers tell of a body. */
export function lengthOf(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
