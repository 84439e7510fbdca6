import type { Awaitable } from "./contract.ts";

/** Calls, and makes a promise of what the call returns or throws. */
export function attempt<R>(call: () => Awaitable<R>): Promise<R> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Continues with a result, at once if it is there: a promise costs more than most of what is done with it. */
export function andThen<T, R>(result: Awaitable<T>, next: (result: T) => Awaitable<R>): Awaitable<R> {
  return result instanceof Promise ? result.then(next) : next(result);
}
