import { quote, StoreError, type StoreErrorCode } from "../../core/error.ts";
import type { Address } from "./address.ts";
import { parseXml, textOf } from "./xml.ts";

/** What came of one try: a value, or what is wrong. */
export interface Answer<R> {
  readonly value?: R;
  readonly error?: StoreError;
  /** Whether it says that there is no such object. */
  readonly isMiss?: boolean;
  /** Whether it may say more to another method: an answer to a HEAD has no document. */
  readonly isVague?: boolean;
  /** How long to wait before another try at least, as the server asks: ms. */
  readonly wait?: number | undefined;
}

// The codes of S3's documents (and of services like it) that say more than their status.
const codes: Record<string, StoreErrorCode> = {
  NoSuchBucket: "bad-config",
  InvalidBucketName: "bad-config",
  PermanentRedirect: "bad-config",
  AuthorizationHeaderMalformed: "bad-config",
  IllegalLocationConstraintException: "bad-config",
  ExpiredToken: "unauthorized",
  InvalidToken: "unauthorized",
  TokenRefreshRequired: "unauthorized",
  InvalidAccessKeyId: "unauthorized",
  RequestTimeTooSkewed: "unauthorized",
  EntityTooLarge: "quota-exceeded",
  QuotaExceeded: "quota-exceeded",
  InsufficientStorage: "quota-exceeded",
  XMinioStorageFull: "quota-exceeded",
  ServiceQuotaExceededException: "quota-exceeded",
  PreconditionFailed: "conflict",
  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",
  ConcurrentModification: "conflict",
  NotImplemented: "unsupported",
  RequestTimeout: "unavailable",
  SlowDown: "unavailable",
};
const statuses: Record<number, StoreErrorCode> = {
  301: "bad-config",
  401: "unauthorized",
  403: "unauthorized",
  409: "conflict",
  412: "conflict",
  413: "quota-exceeded",
  501: "unsupported",
  507: "quota-exceeded",
};

/** Reads an answer that is no good one. */
export function readProblem(
  response: Response,
  method: string,
  body: Uint8Array,
  address: Address,
  region: string,
): Answer<never> {
  const document = parseXml(new TextDecoder().decode(body));
  const code = document?.name === "Error" ? textOf(document, "Code") : undefined;
  const { status, headers } = response;
  const known = (code && codes[code]) || statuses[status] || "unavailable";
  const got = code ? `${code} (status ${status})` : `status ${status}`;
  const isMiss = status === 404 && code === "NoSuchKey";
  const isVague = method === "HEAD" && status < 500;
  const expected = expectation(code, status, headers, region);
  return { error: problem(known, address, expected, got), isMiss, isVague, wait: readRetryAfter(headers) };
}

function expectation(code: string | undefined, status: number, headers: Headers, region: string): string {
  switch (code) {
    case "NoSuchBucket":
      return "an existing bucket";
    case "RequestTimeTooSkewed": {
      const off = Math.round((Date.now() - Date.parse(headers.get("date") ?? "")) / 60_000);
      return `this machine's clock to agree with the server's${Number.isNaN(off) ? "" : `, from which it is ${off} min off`}`;
    }
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException": {
      const right = headers.get("x-amz-bucket-region");
      return `the bucket's region${right ? ` (${quote(right)})` : ""} and not ${quote(region)}`;
    }
    default:
      return status === 403 ? "credentials that allow this" : "a whole answer of S3";
  }
}

/** The error of an address. */
export function problem(
  code: StoreErrorCode,
  { bucket, endpoint }: Address,
  expected: string,
  got: string,
  cause?: unknown,
): StoreError {
  const message = `Bucket ${quote(bucket)} at ${quote(endpoint)} failed: expected ${expected}, got ${got}`;
  return new StoreError(code, message, { cause });
}

/** How long an answer asks to wait, in seconds or until a time: ms. */
function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after") ?? "";
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
