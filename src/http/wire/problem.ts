import { StoreError, type StoreErrorCode } from "../../core/error.ts";
import { expectComplete } from "./complete.ts";
import { readJson } from "./json.ts";

/** A problem document (RFC 9457), as far as it is read. */
export interface Problem {
  readonly code: StoreErrorCode;
  readonly detail: string;
  readonly key?: string | undefined;
}

/** A problem as a document of its own. Its type is "about:blank", whose title would be the status's own phrase: the code says more. */
export function problemDocument(status: number, { code, detail, key }: Problem): object {
  return { title: code, status, detail, code, key };
}

// A store that is closed is an outage to its clients, and nobody hears of that code.
const codes =
  /* @__PURE__ */ "not-found,cant-decode,cant-encode,bad-config,invalid-argument,unsupported,quota-exceeded,unavailable,unauthorized,conflict".split(","); // prettier-ignore

/**
 * Reads a problem document. Throws if it is none.
 *
 * @example Rebuilds the error that a handler answered.
 * ```ts
 * import { readProblem } from "shelflife/http/wire";
 *
 *
 * const bytes = new TextEncoder().encode('{"detail":"No value for key \\"a\\"","key":"a"}');
 * const { code, key } = readProblem("not-found", bytes);
 * console.log(code, key); // not-found a
 * ```
 */
export function readProblem(code: string, bytes: Uint8Array): StoreError {
  return toError({ ...readJson(bytes), code });
}

/** Rebuilds the error that a problem stands for. Throws if it stands for none. */
export function toError({ code, detail, key }: Problem): StoreError {
  expectComplete(codes.includes(code) && typeof detail === "string");
  return new StoreError(code, detail, { key: typeof key === "string" ? key : undefined });
}
