import type { Awaitable } from "./contract.ts";

/** Makes a promise of what a call returns or throws. */
export function settle<R>(call: () => Awaitable<R>): Promise<R> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Goes on with a result, at once if it is there: a promise costs more than most of what is done with it. */
export function goOn<T, R>(result: Awaitable<T>, next: (result: T) => Awaitable<R>): Awaitable<R> {
  return result instanceof Promise ? result.then(next) : next(result);
}
