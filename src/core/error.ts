/** The codes of a {@link StoreError}: the first four come from the storage interface that the contract descends from. */
export type StoreErrorCode =
  | "not-found"
  | "cant-decode"
  | "cant-encode"
  | "bad-config"
  | "invalid-argument"
  | "unsupported"
  | "closed"
  | "quota-exceeded"
  | "unavailable"
  | "unauthorized"
  | "conflict";

/** What a {@link StoreError} carries besides its code and message. */
export interface StoreErrorOptions {
  /** The key that the failed call was about. */
  key?: string | undefined;
  /** What made the call fail, as the medium reported it. */
  cause?: unknown;
}

/**
 * The one class of error that a store rejects with. Its `code` says which kind it is.
 *
 * @example Reads the code of an error.
 * ```ts
 * import { memory, StoreError } from "shelflife";
 *
 * const error = await memory().get("missing").catch((error: unknown) => error);
 * console.log(error instanceof StoreError && [error.code, error.key]); // [ 'not-found', 'missing' ]
 * ```
 */
export class StoreError extends Error {
  // Assigned, not a class field: the bundles are ES2020.
  declare readonly name: "StoreError";
  declare readonly code: StoreErrorCode;
  declare readonly key: string | undefined;

  constructor(code: StoreErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
    this.key = options.key;
  }
}

/**
 * Returns whether a value is a {@link StoreError}, with the given code if one is asked for. Goes by shape, not by
 * class, so that it holds for an error of another bundle or realm. Structured clone (`postMessage`, to or from a
 * worker) keeps neither the name nor the code of an error: send the code along.
 *
 * @example Goes on after one kind of error, and no other.
 * ```ts
 * import { isStoreError, memory } from "shelflife";
 *
 * const store = memory({ maxBytes: 10 });
 * try {
 *   await store.set("large", new Uint8Array(100));
 * } catch (error) {
 *   if (!isStoreError(error, "quota-exceeded")) throw error;
 *   console.log("No room"); // No room
 * }
 * ```
 */
export function isStoreError<Code extends StoreErrorCode = StoreErrorCode>(
  error: unknown,
  code?: Code,
): error is StoreError & { readonly code: Code } {
  const { name, code: found } = (error ?? {}) as Partial<StoreError>;
  return name === "StoreError" && (code === undefined ? typeof found === "string" : found === code);
}

/** Shows a value in a message: a string in quotes, shortened; of anything bulky only its kind. */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  return Object(value) === value ? kindOf(value) : String(value);
}

/** Throws `not-found`. */
export function missing(key: string): never {
  throw new StoreError("not-found", `No value for key ${quote(key)}: expected a live one`, { key });
}

/** The kind of an object, in whichever realm it was made: "Uint8Array", "Array", "Function". */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Throws `invalid-argument` with what was expected, unless the argument is right. */
export function check(isRight: unknown, what: string, expected: string, got: unknown): asserts isRight {
  if (!isRight) throw new StoreError("invalid-argument", `Invalid ${what}: expected ${expected}, got ${quote(got)}`);
}
