import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { StoreError, type StoreErrorCode } from "../../src/core/error.ts";

/** A store of which every call does the same. */
function constant(call: () => Promise<never>): Store {
  const store = memory();
  const view: Record<string, unknown> = Object.fromEntries(Object.keys(store).map((name) => [name, call]));
  return { ...store, ...view, watch: () => ({ next: call, return: async () => ({ done: true, value: undefined }) }) } as never; // prettier-ignore
}

export const never = (): Promise<never> => new Promise(() => {});
/** One that never answers, and gives up when it is to. */
export const hanging = createStore({ get: never, set: never, delete: never, mutate: never, isPersistent: () => false });
/** One that never answers. */
export const stuck = constant(never);
/** One that fails with an error of a code, or with none of a store. */
export const failing = (code: StoreErrorCode | "other"): Store =>
  constant(() => Promise.reject(code === "other" ? new Error("x") : new StoreError(code, "Failed")));
