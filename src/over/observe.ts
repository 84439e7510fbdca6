import { checkCall, checkFunction, checkStore } from "../core/check.ts";
import type { PrefixOptions, Store } from "../core/contract.ts";
import { check, isStoreError } from "../core/error.ts";
import { checkKey, checkPrefix } from "../core/key.ts";
import { longestDelay } from "../core/timers.ts";
import { createMirror } from "./observe/mirror.ts";

/** A value that stays current while somebody subscribes to it. Its functions need no `this`. */
export interface Observed<Value> {
  /** Returns the last snapshot: the same object until something has changed. It is for all, and not to be changed. */
  get(): Value;
  /**
   * Calls a function with the snapshot, at once and whenever that or `error` has changed, and returns how to stop. While nobody
   * subscribes there is no watch and no timer.
   */
  subscribe(listener: (value: Value) => void): () => void;
  /** Resolves with the first snapshot that was read, for which nobody has to subscribe. Rejects if that cannot be read. */
  readonly ready: Promise<Value>;
  /** Why the snapshot may be out of date: the error of the last read or watch, or of the first key in a map that cannot be decoded. */
  readonly error: unknown;
}

/** How {@link observe} follows a store. */
export interface ObserveOptions {
  /** The clock of the store: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

// How long it rests after a failure, and at most after one upon the other: ms.
const firstRest = 100;
const longestRest = 60_000;
type Observable<Out> = Pick<Store<Out, any>, "entry" | "entries" | "get" | "keys" | "watch">;

/**
 * Returns the value under a key, or a map of all whose keys begin with a prefix, that stays current: it is read once, follows the
 * store's `watch`, and is read again where changes may have been missed (`resync`, a page that comes back from the
 * back/forward cache). Nothing is shown at or after its deadline. The keys of a map are whole keys, in no order that
 * is promised. What it costs follows what has changed: of a map just the changed keys are read. A part that did not change is
 * the same object in the next snapshot.
 *
 * Until the first read the value is `undefined`, and the map empty. When the store fails, the last snapshot stays, `error`
 * says why, and it is tried again, after 100 ms at first and 60 s at most. A store that is closed or has no watch
 * (`unsupported`) is not tried again. In a map, a value that cannot be decoded stays as it was last, or is left out; `error` names its
 * key, and the others stay current. A subscription keeps a process alive, as a watch does. Throws `invalid-argument`.
 *
 * @example Shows which people are present.
 * ```ts
 * import { json, memory } from "shelflife";
 * import { observe } from "shelflife/extras";
 *
 * const store = json<string>(memory());
 * const present = observe(store, { prefix: "present/" });
 * await store.set("present/ada", "Ada");
 * console.log(await present.ready); // Map(1) { 'present/ada' => 'Ada' }
 * const stop = present.subscribe((map) => map.size > 1 && console.log([...map.values()].join(" and "), stop()));
 * await store.set("present/bob", "Bob", { ttl: 60_000 });
 * // Ada and Bob undefined
 * ```
 */
export function observe<Out>(store: Observable<Out>, key: string, options?: ObserveOptions): Observed<Out | undefined>;
export function observe<Out>(
  store: Observable<Out>,
  which: Pick<PrefixOptions, "prefix">,
  options?: ObserveOptions,
): Observed<ReadonlyMap<string, Out>>;
export function observe<Out>(
  store: Observable<Out>,
  which: string | Pick<PrefixOptions, "prefix">,
  options?: ObserveOptions,
): Observed<any> {
  const { now = () => Date.now() } = checkCall(options);
  checkStore(store);
  check(typeof now === "function", "now", "a function", now);
  // The one key, or what stands for all of them.
  const whole = typeof which === "string" ? checkKey(which) : "";
  const prefix = whole || checkPrefix(checkCall(which as PrefixOptions).prefix);
  const listeners = new Set<() => void>();
  const { add, read, take } = createMirror(store, whole, prefix, now, show);
  let [shown, due] = take();
  let reported = shown;
  let error: unknown;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let rest = firstRest;
  let stop: AbortController | undefined;

  function get(): unknown {
    if (due <= now()) [shown, due] = take();
    return whole ? shown.get(whole) : shown;
  }

  /** Shows what lives to those who listen, now and at the next deadline. */
  function show(reason: unknown): void {
    [shown, due] = take();
    clearTimeout(timer);
    const left = due - now();
    if (stop && left < Infinity) timer = setTimeout(() => show(error), Math.min(left, longestDelay));
    if (shown === reported && reason === error) return;
    reported = shown;
    error = reason;
    for (const call of listeners) call();
  }

  async function follow(): Promise<void> {
    // What was missed is read.
    add(whole);
    const own = (stop = new AbortController());
    let failure: unknown;
    const fail = (reason: unknown): void => {
      failure ??= reason;
      own.abort();
    };
    const update = (): Promise<unknown> => read().then(() => (rest = firstRest), fail);
    const back = ({ persisted }: { readonly persisted?: boolean }): void => {
      if (!persisted) return;
      add(whole);
      void update();
    };
    globalThis.addEventListener?.("pageshow", back, { signal: own.signal });
    // When the watch has begun: some begin as they are first read.
    void Promise.resolve().then(update);
    try {
      for await (const change of store.watch({ prefix, signal: own.signal })) {
        if (change.type === "resync") add(whole);
        else if (!whole || change.key === whole) add(change.key);
        void update();
      }
    } catch (reason) {
      fail(reason);
    }
    own.abort();
    // What is being read is shown, or why it cannot be.
    await update();
    if (stop !== own) return;
    show(failure);
    if (isStoreError(failure) && /^(closed|unsupported)$/.test(failure.code)) return;
    // The last subscriber that leaves meanwhile stops the timer.
    retry = setTimeout(() => void follow(), rest);
    rest = Math.min(2 * rest, longestRest);
  }

  return {
    get,
    subscribe(listener) {
      checkFunction(listener);
      const call = (): void => {
        try {
          listener(get());
        } catch (error) {
          // It is not for the others, nor for the store.
          queueMicrotask(() => {
            throw error;
          });
        }
      };
      listeners.add(call);
      call();
      if (!stop) void follow();
      return () => {
        if (!listeners.delete(call) || listeners.size) return;
        stop?.abort();
        stop = undefined;
        clearTimeout(timer);
        clearTimeout(retry);
      };
    },
    get ready() {
      return read().then(get);
    },
    get error() {
      return error;
    },
  };
}
