import type { Awaitable } from "../../core/contract.ts";

/** Takes a step, which may throw or reject, and goes on with what came of it: at once if it is there. */
export function attemptStep<T, R>(
  step: () => Awaitable<T>,
  accept: (result: T) => R,
  refuse: (cause: unknown) => never,
): Awaitable<R> {
  let result: Awaitable<T>;
  try {
    result = step();
  } catch (cause) {
    return refuse(cause);
  }
  // Also the promise of a library or of another realm.
  return isThenable(result) ? Promise.resolve(result as Promise<T>).then(accept, refuse) : accept(result as T);
}

/** Whether a value is a promise, of whichever library or realm. */
export function isThenable(value: unknown): boolean {
  return Object(value) === value && typeof (value as { then?: unknown }).then === "function";
}
