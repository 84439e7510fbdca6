import { vi, type TestContext } from "vitest";
import { buffered } from "../../src/backends/indexeddb/buffered.ts";
import { createCompleteStore } from "../../src/core/createCompleteStore.ts";
import type { CompleteBackend, Decision, Entry, Observer, Store, StoreError } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";

/** Lets what is under way in this process come to its end. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A medium that does one thing after the other, and commits a write only when a test says so. */
export interface GatedMedium {
  readonly backend: CompleteBackend;
  readonly entries: Map<string, Entry>;
  /** What was asked of it, in order. */
  readonly log: string[];
  /** Commits what is under way, or fails it. */
  commit(error?: unknown): Promise<void>;
  /** Commits from now on by itself. */
  free(): Promise<void>;
}

function gatedMedium(): GatedMedium {
  const entries = new Map<string, Entry>();
  const log: string[] = [];
  const observers = new Set<Observer>();
  const gates: ((error?: unknown) => void)[] = [];
  let isFree = false;
  let last: Promise<unknown> = Promise.resolve();
  const isLive = (entry: Entry | undefined, now: number): boolean => !!entry && entry.expiresAt > now;

  function inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  /** A write, which waits for its commit. */
  function write<R>(name: string, work: () => R): Promise<R> {
    log.push(name);
    const gate = isFree ? undefined : new Promise<unknown>((resolve) => gates.push(resolve));
    return inTurn(async () => {
      const error = await gate;
      if (error) throw error;
      return work();
    });
  }

  function put(items: readonly (readonly [string, Entry | undefined])[]): void {
    for (const [key, entry] of items) {
      if (entry) entries.set(key, entry);
      else entries.delete(key);
      for (const { changed } of observers) changed({ type: entry ? "set" : "delete", key });
    }
  }

  const backend: CompleteBackend = {
    // What it is asked for is not changed here.
    returnsCopies: true,
    isPersistent: () => false,
    get: (key) => (log.push(`get ${key}`), inTurn(() => entries.get(key))),
    getMany: (keys) => (log.push(`getMany ${keys.join()}`), inTurn(() => keys.map((key) => entries.get(key)))),
    set: (key, entry, { signal }) => write(`set ${key}${signal ? " with a signal" : ""}`, () => put([[key, entry]])),
    setMany: (items, { signal, isLast }) =>
      write(
        `setMany ${items.map(([key]) => key).join()}${signal ? " with a signal" : ""}${isLast ? ", the last" : ""}`,
        () => put(items),
      ),
    delete: (key, { now }) =>
      write(`delete ${key}`, () => {
        const wasLive = isLive(entries.get(key), now());
        put([[key, undefined]]);
        return wasLive;
      }),
    deleteMany: (keys) =>
      write(`deleteMany ${keys.join()}`, () => {
        put(keys.map((key) => [key, undefined]));
        return keys.length;
      }),
    mutate: (key, decide: Decision) =>
      write(`mutate ${key}`, () => {
        const next = decide(entries.get(key));
        if (typeof next !== "symbol") put([[key, next]]);
      }),
    list: () => {
      log.push("list");
      return inTurn(() => ({ entries: [...entries].map(([key, { expiresAt }]) => ({ key, expiresAt })) }));
    },
    clear: () => write("clear", () => put([...entries.keys()].map((key) => [key, undefined]))),
    sweep: () => write("sweep", () => 0),
    soonest: () => Infinity,
    watch(_, observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    close: () => void log.push("close"),
  };
  const commit = async (error?: unknown): Promise<void> => {
    await turn();
    for (const gate of gates.splice(0)) gate(error);
    await turn();
  };
  return {
    backend,
    entries,
    log,
    commit,
    async free() {
      isFree = true;
      await commit();
    },
  };
}

/** Opens a buffered store on such a medium, whose timers run when the test says so. */
export function bufferedStore(
  context: TestContext,
  onError?: (error: StoreError) => void,
): GatedMedium & { store: Store; tick(ms: number): void; clock: ReturnType<typeof createClock> } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  context.onTestFinished(() => void vi.useRealTimers());
  const under = gatedMedium();
  const clock = createClock();
  const store = createCompleteStore(buffered(under.backend, { onError }), { now: clock.now, sweepInterval: Infinity });
  context.onTestFinished(async () => {
    const closing = store.close().catch(() => {});
    await under.free();
    await closing;
  });
  return { ...under, store, clock, tick: (ms) => vi.advanceTimersByTime(ms) };
}
