import { StoreError, type StoreErrorCode } from "../../core/error.ts";
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

/** Reads a problem document. */
export function readProblem(code: string, bytes: Uint8Array): StoreError {
  return toError({ ...readJson(bytes), code });
}

/** Rebuilds the error that a problem stands for. */
export function toError({ code, detail, key }: Problem): StoreError {
  return new StoreError(code, detail, { key: typeof key === "string" ? key : undefined });
}
