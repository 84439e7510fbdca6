import { checkCall } from "../../core/check.ts";
import { contend, outrun } from "../../core/contend.ts";
import type { Store } from "../../core/contract.ts";
import { check } from "../../core/error.ts";
import { add, deadline, toBytes } from "../../core/value.ts";
import type { Codec } from "./codec.ts";

/** How a view has numbers. */
export interface Numbers<T> {
  /** Returns a value as the decimal text of a number, if it is one. */
  toText(value: T): Uint8Array;
  /** Returns the value that a number is. */
  fromNumber(sum: number): unknown;
}

/** Returns the `increment` of a view, whose numbers are values like any other. */
export function addTo<T>(
  store: Store,
  { encode, decode }: Pick<Codec<T>, "encode" | "decode">,
  { toText, fromNumber }: Numbers<T>,
): Store["increment"] {
  return async (key, by = 1, options) => {
    check(Number.isFinite(by), "step", "a finite number", by);
    const call = checkCall(options);
    deadline(call, () => 0);
    return contend(key, async () => {
      const stored = await store.find(key, call);
      const sum = add(stored && toText(await decode(key, stored)), by, key);
      const next = toBytes(await encode(key, fromNumber(sum)));
      // Only what is created has no deadline yet.
      return (await store.compareAndSet(key, stored, next, stored ? { signal: call.signal } : call)) ? sum : outrun;
    });
  };
}
