import type { Store } from "../core/contract.ts";

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

/** Returns a store that fails on demand: `decide` is asked at each call that returns a promise. */
export function faulty<T>(store: Store<T>, decide: (call: FaultyCall) => Fault | undefined): Store<T> {
  let count = 0;
  const untouched = ["isPersistent", "keys", "watch", "close"];
  const view: Record<string | symbol, unknown> = { ...store };
  for (const [method, original] of Object.entries(store)) {
    if (untouched.includes(method)) continue;
    view[method] = async (...args: unknown[]): Promise<unknown> => {
      const fault = decide({ method, args, count: count++ }) ?? {};
      if (fault.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delay));
      if ("before" in fault) throw fault.before;
      const result: unknown = await (original as (...args: unknown[]) => Promise<unknown>).apply(store, args);
      if ("after" in fault) throw fault.after;
      return result;
    };
  }
  return view as unknown as Store<T>;
}
