import type { Store } from "./contract.ts";

/** Gives a store the method that `await using` calls, where the runtime knows the symbol. */
export function disposable<Out, In>(store: Omit<Store<Out, In>, typeof Symbol.asyncDispose>): Store<Out, In> {
  if (Symbol.asyncDispose) Object.assign(store, { [Symbol.asyncDispose]: store.close });
  return store as Store<Out, In>;
}
