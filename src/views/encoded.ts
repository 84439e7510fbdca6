import { andThen } from "../core/attempt.ts";
import { checkCall, checkStore } from "../core/check.ts";
import type { Awaitable, Store, Value } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { isWellFormed } from "../core/key.ts";
import { encodeText } from "../core/utf8.ts";
import { copyBytes, equalBytes, isBytes, toBytes } from "../core/value.ts";
import { attemptStep, isThenable } from "./codec/attemptStep.ts";
import { createSlowView } from "./codec/createSlowView.ts";
import { fail } from "./codec/fail.ts";
import { quiet } from "./codec/steps.ts";

/** Turns values into bytes and back. */
export interface EncodedOptions<Out, In = Out> {
  /** Returns a value as bytes, or as text, which is stored as its UTF-8. May return the promise of it. */
  encode(value: In): Awaitable<Uint8Array | string>;
  /** Returns what stored bytes stand for. They are its own, to keep or to change. May return the promise of it. */
  decode(bytes: Uint8Array): Awaitable<Out>;
}

/**
 * Returns a view of a store with values in place of bytes, by a codec of your choice: MessagePack, CBOR, devalue, structured
 * clone. What `encode` throws or rejects with, or returns that is neither bytes nor well-formed text, is `cant-encode`; what
 * `decode` throws or rejects with is `cant-decode`; each names the key, with the error as its cause. `undefined` stands for no
 * value, so it is neither encoded nor decoded, and a promise is no value.
 *
 * Two values are equal for `compareAndSet` when they are encoded as the same bytes: have the codec sort the properties of objects
 * if their order may differ. `increment` adds to a value that is a number. With a codec that returns promises an atomic call
 * reads, decodes, decides, encodes, and writes if the bytes are still the same, again until no other writer is faster; after 64
 * tries it rejects `conflict`. The function that you give to `update` or `transact` is synchronous as ever. The calls about a key
 * come in the order in which they were made, however long an encoding takes. Closing the view closes the store, when what was
 * asked for is written. Throws `invalid-argument`.
 *
 * @example Keeps what JSON would lose.
 * ```ts
 * import { memory } from "shelflife";
 * import { encoded } from "shelflife/views/encoded";
 *
 * const sets = encoded<Set<string>>(memory(), {
 *   encode: (set) => JSON.stringify([...set].sort()),
 *   decode: (bytes) => new Set(JSON.parse(new TextDecoder().decode(bytes))),
 * });
 * await sets.set("tags", new Set(["tea"]));
 * await sets.update("tags", (tags) => tags?.add("milk"));
 * console.log(await sets.get("tags")); // Set(2) { 'milk', 'tea' }
 * ```
 */
export function encoded<Out, In = Out>(store: Store, options: EncodedOptions<Out, In>): Store<Out, In> {
  checkStore(store);
  const { encode, decode } = checkCall<EncodedOptions<Out, In>>(options);
  for (const step of [encode, decode]) check(typeof step === "function", "codec", "functions encode and decode", step);

  function encodeValue(key: string, value: unknown): Awaitable<Value> {
    const refuse = (cause?: unknown): never => fail("cant-encode", key, "a value that the codec takes", cause);
    if (value === undefined || isThenable(quiet(value))) return refuse(value);
    const accept = (result: unknown): Value =>
      isBytes(result) ? copyBytes(result) : isWellFormed(result) ? result : refuse(result);
    return attemptStep(() => encode!(value as In), accept, refuse);
  }

  function decodeValue(key: string, stored: Value): Awaitable<Out> {
    const refuse = (cause?: unknown): never => fail("cant-decode", key, "bytes that the codec takes", cause);
    const accept = (value: Out): Out => (value === undefined ? refuse() : value);
    return attemptStep(() => decode!(new Uint8Array(toBytes(stored))), accept, refuse);
  }

  return createSlowView<Out, In>(
    store,
    {
      encode: encodeValue,
      decode: decodeValue,
      match(key, expected) {
        const isWanted = (wanted: Value) => (stored: Value) => equalBytes(toBytes(stored), toBytes(wanted));
        return andThen(encodeValue(key, expected), isWanted);
      },
    },
    { toText: (value) => encodeText(typeof value === "number" ? `${value}` : ""), fromNumber: (sum) => sum },
  );
}
