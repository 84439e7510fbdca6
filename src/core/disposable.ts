import type { Store } from "./contract.ts";

/** Gives a store the method that `await using` calls, where the runtime knows the symbol. */
export function disposable<T>(store: Omit<Store<T>, typeof Symbol.asyncDispose>): Store<T> {
  if (Symbol.asyncDispose) Object.assign(store, { [Symbol.asyncDispose]: store.close });
  return store as Store<T>;
}
