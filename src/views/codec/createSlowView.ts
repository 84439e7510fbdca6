import { attempt } from "../../core/attempt.ts";
import { checkCall } from "../../core/check.ts";
import type { Store } from "../../core/contract.ts";
import { disposable } from "../../core/disposable.ts";
import { createPending } from "../../core/pending.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import { addTo, type Numbers } from "./addTo.ts";
import type { Codec } from "./codec.ts";
import { createView } from "./createView.ts";

// Where the options stand of the calls that take steps.
const places = { get: 1, find: 1, entry: 1, findMany: 1, set: 2, setMany: 1, compareAndSet: 3, take: 1, increment: 2, update: 2, transact: 2 }; // prettier-ignore

/**
 * Returns a view with a codec that may take its time. Values of one key are written in the order of the calls, however long each is
 * encoded; a call ends when its signal aborts; and a close lets the calls finish that were made before it.
 */
export function createSlowView<Out, In>(store: Store, codec: Codec<Out>, numbers: Numbers<Out>): Store<Out, In> {
  const { track, settled } = createPending();
  const last = new Map<string, Promise<void>>();
  const slow: Codec<Out> = {
    ...codec,
    encode(key, value) {
      const encoded = codec.encode(key, value);
      const before = last.get(key);
      if (!before && !(encoded instanceof Promise)) return encoded;
      const turn: Promise<void> = Promise.allSettled([encoded, before]).then(() => {
        if (last.get(key) === turn) last.delete(key);
      });
      last.set(key, turn);
      return turn.then(() => encoded);
    },
  };

  const view: Record<string, any> = createView<Out, In>(store, slow);
  view.increment = addTo(store, slow, numbers);
  for (const [name, place] of Object.entries(places)) {
    const call = view[name] as (...given: unknown[]) => Promise<unknown>;
    view[name] = (...given: any[]) =>
      attempt(() => {
        const { signal } = checkCall<any>(given[place]);
        return track(untilAborted(call(...given), signal) as Promise<unknown>);
      });
  }
  view.close = () => settled().then(() => store.close());
  return disposable(view as any);
}
