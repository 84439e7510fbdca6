import type { Awaitable } from "../../core/contract.ts";

/** Lets a result that nobody may come to wait for fail quietly. */
export function quiet<R>(result: Awaitable<R>): Awaitable<R> {
  if (result instanceof Promise) result.catch(() => {});
  return result;
}

/** Returns results, at once if all of them are there. */
export function all<R>(results: readonly Awaitable<R>[]): Awaitable<readonly R[]> {
  return results.some((result) => result instanceof Promise) ? Promise.all(results) : (results as R[]);
}
