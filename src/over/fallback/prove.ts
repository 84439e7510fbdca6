import { attempt } from "../../core/attempt.ts";
import { checkStore } from "../../core/check.ts";
import type { Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { longestDelay } from "../../core/timers.ts";
import { untilAborted } from "../../core/untilAborted.ts";

/** Opens a store, and resolves with it when it has been written to and read within so many ms. What fails is closed. */
export async function prove(open: () => Store | Promise<Store>, patience: number): Promise<Store> {
  const stop = new AbortController();
  const call = { signal: stop.signal };
  const opening = attempt(open);
  const timer = setTimeout(
    () => stop.abort(new StoreError("unavailable", `Store has not answered within ${patience} ms`)),
    Math.min(patience, longestDelay),
  );
  const work = (async () => {
    const store = await opening;
    checkStore(store);
    // What is not removed, since nobody waits any more, ends by itself.
    const key = `\0fallback/${Math.random()}`;
    await store.set(key, Uint8Array.of(1), { ttl: 60_000, ...call });
    await store.get(key, call);
    await store.delete(key, call);
    return store;
  })();
  try {
    return await untilAborted(work, call.signal);
  } catch (error) {
    stop.abort(error);
    // Whenever it opens, nobody uses it.
    opening.then((store) => store.close()).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
