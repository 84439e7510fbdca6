import { outcomeHeader } from "../wire/headers.ts";
import { resources } from "../wire/resource.ts";

const names = new Set<string>([...resources, "health", "ready", "metrics", "docs", "openapi.json"]);
const methods = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" "));

/** What a log and a metric may have of a request: one of a few names each, and nothing that a client made up. */
export interface RequestLabels {
  /** `_OTHER` for one that nobody knows. */
  readonly method: string;
  /** The last segment of the path, if it is one of ours. */
  readonly resource: string | undefined;
}

export function labelsOf({ method, url }: Request): RequestLabels {
  const end = url.search(/[?#]|$/);
  const segment = url.slice(url.lastIndexOf("/", end) + 1, end);
  return { method: methods.has(method) ? method : "_OTHER", resource: names.has(segment) ? segment : undefined };
}

/** Returns what came of a request: `ok`, or the code of an error, if a handler or what stands before it has answered. */
export function codeOf({ headers }: Response): string | undefined {
  const code = headers.get(outcomeHeader);
  return code !== null && /^[a-z-]{1,20}$/.test(code) ? code : undefined;
}
