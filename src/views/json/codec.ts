import { andThen } from "../../core/attempt.ts";
import type { Awaitable, Value } from "../../core/contract.ts";
import { kindOf, quote } from "../../core/error.ts";
import { decodeText } from "../../core/utf8.ts";
import type { Codec } from "../codec/codec.ts";
import { fail } from "../codec/fail.ts";
import type { Schema, SchemaResult } from "./schema.ts";

type Failure = "cant-decode" | "cant-encode";

/** Returns the codec of values that follow a schema, if there is one. */
export function createCodec<T>(schema: Schema<T> | undefined): Codec<T> {
  /** Returns what is made of parsed text, which may be too deep for that. Throws `cant-decode`. */
  function parse(key: string, value: Value, make = (parsed: unknown): unknown => parsed): unknown {
    try {
      return make(JSON.parse(typeof value === "string" ? value : decodeText(value)));
    } catch (cause) {
      return fail("cant-decode", key, "JSON", cause);
    }
  }

  /** Returns what the schema makes of parsed JSON. */
  function validate(code: Failure, key: string, parsed: unknown): Awaitable<T> {
    if (!schema) return parsed as T;
    const accept = (result: SchemaResult<T>): T => {
      if (!result.issues) return result.value;
      const issues = result.issues.map(({ message }) => quote(message));
      return fail(code, key, `a value that fits the schema, got ${issues.join(", ")}`, result.issues);
    };
    return andThen(schema["~standard"].validate(parsed), accept);
  }

  function stringify(key: string, value: unknown): string {
    let text: string | undefined;
    let cause: unknown;
    try {
      text = toText(value);
    } catch (error) {
      cause = error;
    }
    return text ?? fail("cant-encode", key, `a JSON value, got ${show(value)}`, cause);
  }

  return {
    isSync: !schema,
    decode: (key, stored) => validate("cant-decode", key, parse(key, stored)),
    match(key, expected) {
      const wanted = parse(key, stringify(key, expected), inOrder);
      return (stored) => parse(key, stored, inOrder) === wanted;
    },
    encode(key, value) {
      const text = stringify(key, value);
      if (!schema) return text;
      // What is validated is what a reader will get: a Date, say, as the text it turns into.
      return andThen(validate("cant-encode", key, JSON.parse(text)), () => text);
    },
  };
}

/** Writes a value as JSON; returns `undefined` for one that JSON would turn into another without a word. */
function toText(value: unknown): string | undefined {
  // An answer that says so is on its way to the caller, for whom a failure of this promise is none of its own.
  if (value instanceof Promise) value.catch(() => {});
  if (isThenable(value)) return undefined;
  const own: unknown = typeof (value as any)?.toJSON === "function" ? (value as any).toJSON("") : value;
  const text = isData(own) ? JSON.stringify(own) : undefined;
  // As NaN is, and an invalid Date.
  return text === "null" && value !== null ? undefined : text;
}

const kinds = /^(Object|Array|String|Number|Boolean)$/;

/** Whether JSON has a form for this kind of value, or refuses it by itself. */
function isData(value: unknown): boolean {
  return Object(value) !== value || (kinds.test(kindOf(value)) && !isThenable(value));
}

function isThenable(value: unknown): boolean {
  return Object(value) === value && typeof (value as { then?: unknown }).then === "function";
}

/** Shows a value in a message, also one that lets nobody look at it. */
function show(value: unknown): string {
  try {
    return quote(value);
  } catch {
    return typeof value;
  }
}

/** Writes what JSON stands for with the properties of every object in one order. */
function inOrder(parsed: unknown): string {
  return JSON.stringify(parsed, (_, part: unknown) =>
    Object(part) === part && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part as object).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
