import { andThen } from "../../core/attempt.ts";
import type { Awaitable, Value } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { decodeText } from "../../core/utf8.ts";
import type { Schema, SchemaResult } from "./schema.ts";

/** Turns values into JSON text and back. Each step is a promise only if the schema is asynchronous. */
export interface Codec<T> {
  /** Returns what JSON text stands for. Throws `cant-decode`. */
  parse(key: string, value: Value): unknown;
  /** Returns what the schema makes of JSON text. Throws or rejects `cant-decode`. */
  decode(key: string, value: Value): Awaitable<T>;
  /** Returns a value as JSON text. Throws or rejects `cant-encode`. */
  encode(key: string, value: T): Awaitable<string>;
}

type Failure = "cant-decode" | "cant-encode";

/** Returns the codec of values that follow a schema, if there is one. */
export function createCodec<T>(schema: Schema<T> | undefined): Codec<T> {
  function parse(key: string, value: Value): unknown {
    try {
      return JSON.parse(typeof value === "string" ? value : decodeText(value));
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

  return {
    parse,
    decode: (key, value) => validate("cant-decode", key, parse(key, value)),
    encode(key, value) {
      let text: string | undefined;
      let cause: unknown;
      try {
        text = JSON.stringify(value);
      } catch (error) {
        cause = error;
      }
      text ??= fail("cant-encode", key, `a JSON value, got ${quote(value)}`, cause);
      // What is validated is what a reader will get: a Date, say, as the text it turns into.
      const valid = schema && validate("cant-encode", key, JSON.parse(text));
      return andThen(valid, () => text);
    },
  };
}

/** Writes a value as JSON with the properties of every object in one order. */
export function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    Object(part) === part && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part as object).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function fail(code: Failure, key: string, expected: string, cause: unknown): never {
  throw new StoreError(code, `Cannot ${code.slice(5)} key ${quote(key)}: expected ${expected}`, { key, cause });
}
