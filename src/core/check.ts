import type { WriteOptions } from "./contract.ts";
import { check } from "./error.ts";

/** Returns the options of a call if they are an object or absent; throws `invalid-argument` otherwise. */
export function checkCall<Options extends WriteOptions>(options: Partial<Options> = {}): Partial<Options> {
  check(Object(options) === options, "options", "an object", options);
  const { signal } = options;
  check(signal === undefined || signal?.throwIfAborted, "signal", "an AbortSignal", signal);
  return options;
}

/** Returns what an iterable holds; throws `invalid-argument` for anything else, a string among them. */
export function checkItems<T>(items: Iterable<T>): T[] {
  check(Object(items) === items && Symbol.iterator in (items as object), "items", "an iterable", items);
  return [...items];
}

/** Throws `invalid-argument` for anything but a function. */
export function checkFunction(change: unknown): void {
  check(typeof change === "function", "change", "a function", change);
}
