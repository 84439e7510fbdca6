import { isStoreError, StoreError } from "../../core/error.ts";
import { replicaHeader } from "../wire/headers.ts";
import { problemType } from "../wire/mediaType.ts";
import { problemDocument, type Problem } from "../wire/problem.ts";
import { toResponse, writeJson, type Reply } from "./reply.ts";
import { reasons, statuses, type Reason } from "./status.ts";

const refusals = new WeakMap<object, Required<Pick<Reply, "status" | "headers">>>();

/** Returns an error that knows its status. */
export function refusal(
  reason: Reason,
  message: string,
  more: { key?: string; allow?: string; retryAfter?: number; replica?: string } = {},
): StoreError {
  const [status, code] = reasons[reason];
  const { key, allow, retryAfter, replica } = more;
  const error = new StoreError(code, message, { key });
  const headers = {
    ...(allow !== undefined && { allow }),
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    ...(replica !== undefined && { [replicaHeader]: replica }),
  };
  refusals.set(error, { status, headers });
  return error;
}

/** Returns the refusal of what is more than so many bytes of values. */
export function refuseSize(maxBytes: number): StoreError {
  return refusal("size", `Values are too large together: expected at most ${maxBytes} bytes`);
}

/** Writes an error as a problem document (RFC 9457) with the code and the key. What is no store's error stays inside. */
export function writeProblem(error: unknown): Reply {
  const known = toKnown(error);
  const problem = toProblem(known);
  const { code } = problem;
  const challenge: Readonly<Record<string, string>> = code === "unauthorized" ? { "www-authenticate": "Bearer" } : {};
  const { status, headers } = refusals.get(known) ?? { status: statuses[code], headers: challenge };
  return {
    ...writeJson(problemDocument(status, problem)),
    status,
    outcome: code,
    headers: { ...headers, "content-type": problemType },
  };
}

/** Returns what a client may know of an error, where it is one of several. */
export function toProblem(error: unknown): Problem {
  const { code, message, key } = toKnown(error);
  // A store that is closed is an outage to a client: its own store is open.
  return { code: code === "closed" ? "unavailable" : code, detail: message, key };
}

/** Returns an error as a client may see it. */
function toKnown(error: unknown): StoreError {
  const isKnown = isStoreError(error) && Object.hasOwn(statuses, error.code);
  return isKnown ? error : refusal("internal", "Store failed: expected no error but a StoreError");
}

/** Answers a request that is refused before it gets to a handler, just as the handler would. */
export function refuse(request: Request, error: StoreError, headers: Readonly<Record<string, string>> = {}): Response {
  return toResponse(writeProblem(error), request, headers);
}
