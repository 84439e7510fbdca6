import type { CallOptions, NewEntry, Store } from "./contract.ts";
import { check } from "./error.ts";

/** Returns the options of a call if they are an object or absent; throws `invalid-argument` otherwise. */
export function checkCall<Options extends object>(options: Partial<Options> = {}): Partial<Options> {
  check(Object(options) === options, "options", "an object", options);
  const { signal } = options as CallOptions;
  // By what is called of it, since another realm's is of another class.
  const isSignal = typeof signal?.throwIfAborted === "function" && typeof signal.addEventListener === "function";
  check(signal === undefined || isSignal, "signal", "an AbortSignal", signal);
  return options;
}

/** Returns what an iterable holds; throws `invalid-argument` for anything else, a string among them. */
export function checkItems<T>(items: Iterable<T>): T[] {
  const iterate = Object(items) === items && items[Symbol.iterator];
  check(typeof iterate === "function", "items", "an iterable", items);
  return [...items];
}

/** Throws `invalid-argument` for anything but a store. */
export function checkStore(store: unknown): void {
  check(typeof (store as Partial<Store> | undefined)?.get === "function", "store", "a store", store);
}

/** Throws `invalid-argument` for anything but a function. */
export function checkFunction(change: unknown): void {
  check(typeof change === "function", "change", "a function", change);
}

/** Returns what a change made of so many entries, if it is one for each, or `undefined`; throws `invalid-argument` otherwise. */
export function checkChosen<T>(chosen: unknown, count: number): readonly (NewEntry<T> | undefined)[] {
  // Nobody else would hear of its failure.
  if (chosen instanceof Promise) chosen.catch(() => {});
  const length = Array.isArray(chosen) && chosen.length;
  check(length === count, "result of change", `an array of ${count} entries`, length || chosen);
  for (const entry of chosen as unknown[]) {
    check(entry === undefined || Object(entry) === entry, "result of change", "an entry or undefined", entry);
  }
  return chosen as (NewEntry<T> | undefined)[];
}
