import { checkCall, checkFunction, checkItems } from "./check.ts";
import {
  UNCHANGED,
  type Awaitable,
  type Call,
  type CallOptions,
  type Entry,
  type CompleteBackend,
  type Page,
  type Store,
  type Unchanged,
  type Value,
  type WriteOptions,
} from "./contract.ts";
import { disposable } from "./disposable.ts";
import { check, missing, StoreError } from "./error.ts";
import { checkKey, checkPrefix } from "./key.ts";
import { lending, type Lender } from "./lending.ts";
import type { StoreOptions } from "./options.ts";
import { andThen, attempt } from "./attempt.ts";
import { startSweeps } from "./startSweeps.ts";
import { startWatch, type End } from "./startWatch.ts";
import { untilAborted } from "./untilAborted.ts";
import { add, checkBytes, copyBytes, deadline, equalBytes, toBytes } from "./value.ts";

/**
 * Makes a store of a backend that leaves nothing out. The single place where meaning lives: key rules, ttl, copying, expiry
 * on read, cancellation and the closed state.
 */
export function createCompleteStore(
  backend: CompleteBackend<Value>,
  { now = Date.now, sweepInterval }: StoreOptions = {},
): Store {
  const watches = new Set<End>();
  let opening: Promise<unknown> | undefined;
  let closing: Promise<void> | undefined;

  /**
   * The one way in: checks what every call has in common, then does the work until it is done or aborted. What `prepare`
   * takes of the caller's, it takes at once: the bytes are his again when the call returns.
   */
  function start<R, P = void>(
    options: CallOptions | undefined,
    work: (call: Call, prepared: P) => Awaitable<R>,
    prepare?: () => P,
  ): Awaitable<R> {
    if (closing) throw new StoreError("closed", "Store is closed");
    const { signal } = checkCall(options);
    const prepared = prepare?.() as P;
    const begin = (): Awaitable<R> => {
      signal?.throwIfAborted();
      return work({ now, signal }, prepared);
    };
    // What is done after a watch was asked for is seen by it.
    return untilAborted(opening ? opening.then(begin) : begin(), signal);
  }

  function run<R, P = void>(
    options: CallOptions | undefined,
    work: (call: Call, prepared: P) => Awaitable<R>,
    prepare?: () => P,
  ): Promise<R> {
    return attempt(() => start(options, work, prepare));
  }

  /** The same for a call about one key. */
  function runOn<R>(key: string, options: CallOptions | undefined, work: (call: Call) => Awaitable<R>): Promise<R> {
    return run(options, (call) => {
      checkKey(key);
      return work(call);
    });
  }

  function own(value: unknown): Uint8Array {
    return backend.copiesValues && !opening ? checkBytes(value) : copyBytes(value);
  }

  function isLive<E extends { readonly expiresAt: number }>(entry: E | undefined): entry is E {
    return entry !== undefined && entry.expiresAt > now();
  }

  /** Gives a caller what the backend may still hold. */
  function give(value: Value | undefined): Uint8Array | undefined {
    return backend.returnsCopies || typeof value !== "object" ? toBytes(value) : new Uint8Array(value);
  }

  /** Decides about a live entry within the medium's transaction; an expired one is removed on the way. */
  function decide<R>(
    key: string,
    call: Call,
    change: (current: Entry<Value> | undefined) => [result: R, next: Entry<Value> | undefined | Unchanged],
  ): Awaitable<R> {
    let result: R;
    const decided = backend.mutate(
      checkKey(key),
      (found) => {
        const current = isLive(found) ? found : undefined;
        const [outcome, next] = change(current);
        result = outcome;
        return next === UNCHANGED && found !== current ? undefined : next;
      },
      call,
    );
    return andThen(decided, () => result);
  }

  /** Hides an entry that was seen expired and removes it, if that is still what lies there: a fresh value survives. */
  async function expire(key: string): Promise<undefined> {
    try {
      if (!backend.ownExpiry) await decide(key, { now }, () => [0, UNCHANGED]);
    } catch {
      // The answer is known whether or not the medium lets go of the entry now: a sweep will try again.
    }
  }

  function live(entry: Entry<Value> | undefined, key: string): Awaitable<Entry<Value> | undefined> {
    return isLive(entry) ? entry : entry && expire(key);
  }

  function find(key: string, call: Call): Awaitable<Entry<Value> | undefined> {
    return andThen(backend.get(checkKey(key), call), (entry) => live(entry, key));
  }

  const head: (key: string, call: Call) => Awaitable<{ readonly expiresAt: number } | undefined> = backend.head ?? find;

  /** What is written over an entry. Without a ttl of its own it keeps the deadline. */
  function fresh<V>(value: V, options: WriteOptions | undefined, current?: { readonly expiresAt: number }): Entry<V> {
    const ttl = options?.ttl;
    return { value, expiresAt: ttl === undefined && current ? current.expiresAt : deadline(ttl, now) };
  }

  function write<T>(
    key: string,
    value: T,
    options: WriteOptions | undefined,
    take: (value: T) => Value,
  ): Awaitable<void> {
    return start(
      options,
      (call, entry) => backend.set(checkKey(key), entry, call),
      () => fresh(take(value), options),
    );
  }

  // The lending, on which the calls themselves stand.
  const lendFound: Lender = (key, options) =>
    start(options, (call) => andThen(find(key, call), (entry) => entry?.value));
  const lend: Lender = (key, options) => andThen(lendFound(key, options), (value) => value ?? missing(key));

  const store: Store = disposable({
    get: (key, options) => attempt(() => andThen(lend(key, options), give)) as Promise<Uint8Array>,

    find: (key, options) => attempt(() => andThen(lendFound(key, options), give)),

    has: (key, options) => runOn(key, options, (call) => andThen(head(key, call), isLive)),

    entry: (key, options) =>
      run(options, (call) =>
        andThen(find(key, call), (entry) => entry && { value: give(entry.value)!, expiresAt: entry.expiresAt }),
      ),

    set: (key, value, options) => attempt(() => write(key, value, options, own)),

    delete: (key, options) =>
      runOn(key, options, (call) =>
        andThen(backend.delete(key, call), (wasLive) => (wasLive ? undefined : missing(key))),
      ),

    isPersistent: () => backend.isPersistent(),

    findMany: (keys, options) =>
      run(options, (call) => {
        const wanted = checkItems(keys).map(checkKey);
        return andThen(backend.getMany(wanted, call), (found) =>
          Promise.all(found.map((entry, index) => andThen(live(entry, wanted[index]!), (entry) => give(entry?.value)))),
        );
      }),

    setMany: (items, options) =>
      run(
        options,
        (call, entries) => backend.setMany([...entries], call),
        () => {
          const entries = new Map<string, Entry>();
          for (const item of checkItems(items)) {
            const [key, value, itemOptions] = checkItems<any>(item);
            entries.set(checkKey(key), fresh(own(value), checkCall(itemOptions)));
          }
          return entries;
        },
      ),

    deleteMany: (keys, options) =>
      run(options, (call) => backend.deleteMany([...new Set(checkItems(keys).map(checkKey))], call)),

    compareAndSet: (key, expected, next, options) =>
      run(
        options,
        (call, [old, entry]) =>
          decide(key, call, (current) => {
            if (!equalBytes(toBytes(current?.value), old)) return [false, UNCHANGED];
            // Its time runs from the call on, however long the medium takes.
            return [true, current && options?.ttl === undefined ? { ...current, value: entry.value } : entry];
          }),
        () => [expected === undefined ? expected : copyBytes(expected), fresh(copyBytes(next), options)] as const,
      ),

    setIfAbsent: (key, value, options) => store.compareAndSet(key, undefined, value, options),

    take: (key, options) =>
      runOn(key, options, (call) =>
        backend.take ? backend.take(key, call) : decide(key, call, (current) => [toBytes(current?.value), undefined]),
      ),

    increment: (key, by = 1, options) =>
      runOn(key, options, (call) => {
        check(Number.isFinite(by), "step", "a finite number", by);
        const expiresAt = deadline(options?.ttl, now);
        if (backend.increment) return backend.increment(key, by, expiresAt, call);
        return decide(key, call, (current) => {
          const sum = add(toBytes(current?.value), by, key);
          return [sum, { expiresAt, ...current, value: toBytes(`${sum}`) }];
        });
      }),

    update: (key, change, options) =>
      runOn(key, options, (call) => {
        checkFunction(change);
        deadline(options?.ttl, now);
        return decide(key, call, (current) => {
          const next = change(current && copyBytes(toBytes(current.value)));
          // The medium keeps one copy, the caller gets the other.
          return next === undefined ? [next, next] : [copyBytes(next), fresh(copyBytes(next), options, current)];
        });
      }),

    touch: (key, options) =>
      runOn(key, options, (call) => {
        // Without a ttl this would quietly take the deadline away.
        const expiresAt = deadline(options?.ttl ?? NaN, now);
        if (backend.touch) return backend.touch(key, expiresAt, call);
        return decide(key, call, (current) => [!!current, current ? { ...current, expiresAt } : UNCHANGED]);
      }),

    async *keys(options) {
      const { prefix, signal } = checkCall(options);
      const list = backend.listKeys ?? backend.list;
      let cursor: string | undefined;
      do {
        const page = await run(options, (call) => list({ prefix: checkPrefix(prefix), limit: 1000, cursor }, call));
        for (const entry of page.entries) {
          // The page was read a while ago, and the caller may take his time.
          signal?.throwIfAborted();
          if (isLive(entry)) yield entry.key;
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
    },

    list: (options) =>
      run(options, async (call) => {
        const { limit = 1000 } = options ?? {};
        let cursor = options?.cursor;
        const prefix = checkPrefix(options?.prefix);
        check(Number.isSafeInteger(limit) && limit > 0, "limit", "a positive integer", limit);
        check(cursor === undefined || typeof cursor === "string", "cursor", "the cursor of a page", cursor);
        const page: Page = { entries: [] };
        do {
          const found = await backend.list({ prefix, limit: limit - page.entries.length, cursor }, call);
          page.entries.push(...found.entries.filter(isLive));
          cursor = found.cursor;
          // Expired entries made the page short.
        } while (cursor !== undefined && page.entries.length < limit);
        return cursor === undefined ? page : { ...page, cursor };
      }),

    clear: (options) => run(options, (call) => backend.clear({ prefix: checkPrefix(options?.prefix) }, call)),

    watch(options) {
      const [changes, started] = startWatch(backend, options, run, watches);
      const opened = Promise.allSettled([opening, started]).then(() => {
        if (opening === opened) opening = undefined;
      });
      opening = opened;
      return changes;
    },

    flush: (options) => run(options, (call) => backend.flush?.(call)),

    sweep: (options) => run(options, (call) => backend.sweep(call)),

    close: () =>
      (closing ??= (async () => {
        stopSweeps();
        for (const end of watches) end("close");
        await backend.close();
      })()),
  });
  lending
    .set(store.get, lend)
    .set(store.find, lendFound)
    .set(store.set, (key, text, options) => write(key, text, options, backend.keepsText ? (same) => same : toBytes));
  const interval = sweepInterval ?? (backend.isPersistent() ? 3_600_000 : 300_000);
  const stopSweeps = startSweeps(backend, backend.ownExpiry ? Infinity : interval, now);
  return store;
}
