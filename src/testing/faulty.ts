import type { CallOptions, Store } from "../core/contract.ts";
import { lendBy } from "../core/lending.ts";
import { sweeperOf } from "../core/sweeperOf.ts";

/** What goes wrong with one call. */
export interface Fault {
  /** Rejects with this before the call reaches the store. */
  before?: unknown;
  /** Lets the call happen, then rejects with this: the answer is lost. */
  after?: unknown;
  /** Waits this long before the call: ms. */
  delay?: number;
}

/** One call, as a fault is decided by. */
export interface FaultyCall {
  /** The method, by its name in `Store`. */
  readonly method: string;
  readonly args: readonly unknown[];
  /** How many calls there were before, of any method. */
  readonly count: number;
}

/**
 * Returns a store that fails on demand: `decide` is asked at each call that returns a promise.
 *
 * @example Fails the second write of a test.
 * ```ts
 * import { memory, StoreError } from "shelflife";
 * import { faulty } from "shelflife/testing";
 *
 * const full = new StoreError("quota-exceeded", "Cannot write: expected room, got none");
 * const store = faulty(memory(), ({ count }) => (count === 1 ? { before: full } : undefined));
 * await store.set("a", Uint8Array.of(1));
 * const error = await store.set("b", Uint8Array.of(2)).catch((error: unknown) => error);
 * console.log(error === full); // true
 * await store.close();
 * ```
 */
export function faulty<T>(store: Store<T>, decide: (call: FaultyCall) => Fault | undefined): Store<T> {
  let count = 0;
  const untouched = ["isPersistent", "keys", "watch", "close"];
  const view: Record<string | symbol, unknown> = { ...store };
  const fail =
    <A extends unknown[], R>(method: string, original: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const fault = decide({ method, args, count: count++ }) ?? {};
      if (fault.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delay));
      if ("before" in fault) throw fault.before;
      const result = await original.apply(store, args);
      if ("after" in fault) throw fault.after;
      return result;
    };
  for (const [method, original] of Object.entries(store)) {
    if (!untouched.includes(method)) view[method] = fail(method, original);
  }
  const sweep = sweeperOf(store);
  if (sweep) {
    const sweepPart = fail("sweep", (options: CallOptions | undefined, prefix: string) => sweep(prefix, options));
    lendBy(view as unknown as Store<T>, "sweep", (prefix, options) => sweepPart(options, prefix));
  }
  return view as unknown as Store<T>;
}
