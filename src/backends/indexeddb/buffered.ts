import type { Awaitable, Call, Entry, CompleteBackend, Observer } from "../../core/contract.ts";
import type { StoreError } from "../../core/error.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";

/** Whether a write is acknowledged before it is committed, and who is told when it then is not. */
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

type Item = readonly [key: string, entry: Entry];

// How long a write waits for others, or for a later one of the same key, before it is given to the medium: ms.
const patience = 10;
// With so much that is not committed, a write waits for that.
const maxWrites = 1000;
const maxBytes = 4_194_304;

/**
 * Returns a backend that takes writes at once and gives them to another a moment later, of several to one key the last. Its
 * reads see them; any other call comes after them; who watches is told when they are committed, or the reason when that
 * fails. When the page is hidden, what waits is given to the medium, and from then on nothing waits. The other backend has
 * to keep the order in which it is called.
 */
export function buffered(backend: CompleteBackend, { onError }: AcknowledgeOptions): CompleteBackend {
  // What is read in place of what the medium has.
  const overlay = new Map<string, Entry>();
  // What of it the medium was not given yet.
  const waiting = new Map<string, Entry>();
  const writing = new Set<Promise<unknown>>();
  const observers = new Set<Observer>();
  let bytes = 0;
  let count = 0;
  let clock: Call;
  let failure: unknown;
  let isLeft = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Counts what is not committed. */
  function add(items: readonly Item[], sign: 1 | -1): void {
    count += sign * items.length;
    for (const [, { value }] of items) bytes += sign * value.length;
  }

  /** Writes to the medium, and notes how that ends: with the error or without. */
  function write(items: readonly Item[], work: () => Awaitable<void>): void {
    const run = async (): Promise<unknown> => {
      let error: unknown;
      try {
        await work();
      } catch (thrown) {
        error = thrown;
      }
      add(items, -1);
      writing.delete(done);
      // From here on a read tells what the medium has.
      for (const [key, entry] of items) if (overlay.get(key) === entry) overlay.delete(key);
      if (error) report(error);
      return error;
    };
    const done = run();
    writing.add(done);
  }

  function report(error: unknown): void {
    for (const { failed } of observers) failed(error);
    if (onError) onError(error as StoreError);
    else failure ??= error;
  }

  /** Gives the medium what waits. */
  function handOver(): void {
    clearTimeout(timer);
    timer = undefined;
    const items = [...waiting];
    waiting.clear();
    for (const item of items) write([item], () => backend.set(...item, clock));
  }

  /** The same for a page that may be gone in a moment: all at once. */
  function leave(): void {
    const items = [...waiting];
    if (!items[1]) return handOver();
    waiting.clear();
    write(items, () => backend.setMany(items, { ...clock, isLast: true }));
  }

  function hear({ type }: { type: string }): void {
    // A page that is left is told that it is hidden after that.
    if (type !== "visibilitychange") isLeft = type === "pagehide";
    leave();
  }

  function wait(): Promise<unknown[]> {
    handOver();
    return Promise.all(writing);
  }

  /** Takes a write, and waits if there are too many. */
  function take(items: readonly Item[], { now }: Call): Awaitable<void> {
    // Whoever gave it a signal has his answer before it is written.
    clock = { now };
    for (const [key, entry] of items) overlay.set(key, entry);
    add(items, 1);
    if (count >= maxWrites || bytes >= maxBytes) return wait().then(() => {});
    if (isLeft) queueMicrotask(leave);
    else if (globalThis.document?.hidden) handOver();
    else timer ??= setTimeout(handOver, patience);
  }

  /** Gives bytes that are still to be written. */
  function lend(entry: Entry): Entry {
    return backend.returnsCopies ? { ...entry, value: new Uint8Array(entry.value) } : entry;
  }

  function get(key: string, call: Call): Awaitable<Entry | undefined> {
    const entry = overlay.get(key);
    return entry ? lend(entry) : backend.get(key, call);
  }

  async function flush(): Promise<void> {
    const error = (await wait()).find(Boolean) ?? failure;
    failure = undefined;
    if (error) throw error;
  }

  const stopHearing = onPageEvents(["visibilitychange", "pagehide", "pageshow"], hear);
  const view: CompleteBackend = {
    ...backend,
    copiesValues: false,
    get,
    head: (key, call) => overlay.get(key) ?? (backend.head ?? backend.get)(key, call),
    getMany: (keys, call) =>
      keys.some((key) => overlay.has(key))
        ? Promise.all(keys.map((key) => get(key, call)))
        : backend.getMany(keys, call),
    set(key, entry, call) {
      const old = waiting.get(key);
      if (old) add([[key, old]], -1);
      waiting.set(key, entry);
      return take([[key, entry]], call);
    },
    setMany(items, call) {
      handOver();
      write(items, () => backend.setMany(items, { now: call.now }));
      return take(items, call);
    },
    async watch(options, observer, call) {
      handOver();
      const stop = await backend.watch(options, observer, call);
      observers.add(observer);
      return () => {
        observers.delete(observer);
        stop();
      };
    },
    flush,
    async close() {
      stopHearing();
      try {
        await flush();
      } finally {
        await backend.close();
      }
    },
  };
  for (const name of [
    "delete",
    "mutate",
    "deleteMany",
    "list",
    "listKeys",
    "clear",
    "sweep",
    "take",
    "increment",
    "touch",
  ] as const) {
    const call = backend[name] as ((...args: unknown[]) => unknown) | undefined;
    if (!call) continue;
    Object.assign(view, {
      [name](...args: unknown[]) {
        handOver();
        // What it changes is read from the medium.
        overlay.clear();
        return call(...args);
      },
    });
  }
  return view;
}
