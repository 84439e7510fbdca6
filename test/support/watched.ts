import type { Observer } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";

/** A handler that lets go of its store as soon as nobody listens. */
export const forgetful = { resumeWithin: 1 };

/** A store that can only be watched, and the observers of its backend. */
export function watched(begin: () => void | Promise<void> = () => {}): {
  store: ReturnType<typeof createStore>;
  observers: Set<Observer>;
  /** How many watches have begun. */
  count(): number;
} {
  let count = 0;
  const observers = new Set<Observer>();
  const store = createStore({
    get: () => undefined,
    set: () => {},
    delete: () => false,
    isPersistent: () => false,
    async watch(_, observer) {
      await begin();
      observers.add(observer);
      count++;
      return () => void observers.delete(observer);
    },
  });
  return { store, observers, count: () => count };
}
