import { createCompleteStore } from "../../src/core/createCompleteStore.ts";
import { lentBy, type Medium } from "../../src/core/lending.ts";
import { memory, type Store } from "../../src/index.ts";

/** Returns a store in memory, and how often each call of its backend has begun. `done` gets each that is over, with its first argument. */
export function countedStore(done: (call: string, given: unknown) => void = () => {}): {
  store: Store;
  counts: Record<string, number>;
} {
  const { backend } = lentBy(memory(), "entry") as Medium;
  const counts: Record<string, number> = {};
  const counting = new Proxy(backend, {
    get(target, name: string) {
      const call = Reflect.get(target, name) as unknown;
      if (typeof call !== "function") return call;
      return async (...given: unknown[]) => {
        counts[name] = (counts[name] ?? 0) + 1;
        const result = (await Reflect.apply(call, target, given)) as unknown;
        done(name, given[0]);
        return result;
      };
    },
  });
  return { store: createCompleteStore(counting), counts };
}
