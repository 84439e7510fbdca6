import type { Awaitable, Call, CompleteBackend, Entry } from "../../core/contract.ts";
import type { StoreError } from "../../core/error.ts";
import { createUncommitted } from "./uncommitted.ts";
import { createWriteBehind } from "./writeBehind.ts";

/** Whether a write is acknowledged before it is committed, and what happens when it then is not. */
export interface AcknowledgeOptions {
  /**
   * When a write resolves: when the medium has `committed` it, or when it is `buffered` in this process, which commits it
   * a moment later. That is `set` and `setMany`; all else is committed as ever, after what was written before.
   * @default "committed"
   */
  acknowledge?: "committed" | "buffered" | undefined;
  /** Gets why a buffered write was not committed. Without it the next `flush` or `close` rejects with that. */
  onError?: ((error: StoreError) => void) | undefined;
}

/**
 * Returns a backend that takes writes at once and gives them to another a moment later. Its reads see them; any other call
 * comes after them. A watch reports them when they are committed, and rejects with the reason when that fails. The other
 * backend has to keep the order in which it is called.
 */
export function buffered(backend: CompleteBackend, { onError }: AcknowledgeOptions): CompleteBackend {
  const overlay = new Map<string, Entry>();
  const uncommitted = createUncommitted(overlay, onError);
  const { set, setMany, flush: handOver, close } = createWriteBehind(backend, uncommitted);

  function get(key: string, call: Call): Awaitable<Entry | undefined> {
    const entry = overlay.get(key);
    if (!entry) return backend.get(key, call);
    // Its bytes are still to be written.
    return backend.returnsCopies ? { ...entry, value: new Uint8Array(entry.value) } : entry;
  }

  function flush(): Promise<void> {
    handOver();
    return uncommitted.flush();
  }

  return {
    ...after(backend, () => {
      handOver();
      // What the call changes is read from the medium.
      overlay.clear();
    }),
    isPersistent: backend.isPersistent,
    copiesValues: false,
    get,
    head: (key, call) => overlay.get(key) ?? (backend.head ?? backend.get)(key, call),
    getMany: (keys, call) =>
      keys.some((key) => overlay.has(key))
        ? Promise.all(keys.map((key) => get(key, call)))
        : backend.getMany(keys, call),
    set,
    setMany,
    async watch(options, observer, call) {
      handOver();
      // Whatever becomes of it, it was acknowledged before.
      await uncommitted.settled();
      const stop = await backend.watch(options, observer, call);
      const stopReporting = uncommitted.watch(observer);
      return () => {
        stopReporting();
        stop();
      };
    },
    flush,
    async close() {
      close();
      try {
        await flush();
      } finally {
        await backend.close();
      }
    },
  };
}

/** Returns a backend whose every call comes after a step. */
function after(backend: CompleteBackend, step: () => void): CompleteBackend {
  const calls: Record<string, unknown> = { ...backend };
  for (const [name, call] of Object.entries(calls)) {
    if (typeof call !== "function") continue;
    calls[name] = (...args: unknown[]) => {
      step();
      return call(...args);
    };
  }
  return calls as unknown as CompleteBackend;
}
