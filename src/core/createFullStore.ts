import { checkCall, checkFunction, checkItems } from "./check.ts";
import {
  UNCHANGED,
  type Awaitable,
  type Call,
  type CallOptions,
  type Entry,
  type FullBackend,
  type Page,
  type Store,
  type Unchanged,
  type WriteOptions,
} from "./contract.ts";
import { disposable } from "./disposable.ts";
import { check, quote, StoreError } from "./error.ts";
import { checkKey, checkPrefix } from "./key.ts";
import { shortcuts, type Read, type Write } from "./shortcuts.ts";
import type { StoreOptions } from "./options.ts";
import { goOn, settle } from "./settle.ts";
import { startSweeps } from "./startSweeps.ts";
import { startWatch, type End } from "./startWatch.ts";
import { untilAborted } from "./untilAborted.ts";
import { add, checkBytes, copyBytes, deadline, equalBytes, toBytes } from "./value.ts";

/** A value as a backend may hold it: bytes, or text that stands for them. */
type Value = Uint8Array | string;

/**
 * Makes a store of a backend that leaves nothing out. The single place where meaning lives: key rules, ttl, copying, expiry
 * on read, cancellation and the closed state.
 */
export function createFullStore(
  backend: FullBackend<Value>,
  { now = Date.now, sweepInterval }: StoreOptions = {},
): Store {
  const watches = new Set<End>();
  const plain: Call = { now };
  let opening: Promise<unknown> | undefined;
  let closing: Promise<void> | undefined;

  /** The one way in: checks what every call has in common, then does the work until it is done or aborted. */
  function start<R>(options: CallOptions | undefined, work: (call: Call) => Awaitable<R>): Awaitable<R> {
    if (closing) throw new StoreError("closed", "Store is closed");
    const { signal } = checkCall(options);
    if (!opening && !signal) return work(plain);
    const begin = (): Awaitable<R> => {
      signal?.throwIfAborted();
      return work({ now, signal });
    };
    // What is done after a watch was asked for is seen by it.
    return untilAborted(opening ? opening.then(begin) : begin(), signal);
  }

  function run<R>(options: CallOptions | undefined, work: (call: Call) => Awaitable<R>): Promise<R> {
    return settle(() => start(options, work));
  }

  /** The same for a call about one key. */
  function runOn<R>(key: string, options: CallOptions | undefined, work: (call: Call) => Awaitable<R>): Promise<R> {
    return run(options, (call) => {
      checkKey(key);
      return work(call);
    });
  }

  /** Takes bytes of a caller, which are his again when the call returns. */
  function own(value: unknown): Uint8Array {
    return backend.copiesValues && !opening ? checkBytes(value) : copyBytes(value);
  }

  function isLive<E extends { readonly expiresAt: number }>(entry: E | undefined): entry is E {
    return entry !== undefined && entry.expiresAt > now();
  }

  /** Gives a caller bytes that the backend may still hold. */
  function give(entry: Entry<Value> | undefined): Uint8Array | undefined {
    if (!entry) return entry;
    const { value } = entry;
    if (typeof value === "string") return toBytes(value);
    return backend.returnsCopies ? value : new Uint8Array(value);
  }

  /** Decides about a live entry within the medium's transaction; an expired one is removed on the way. */
  function decide<R>(
    key: string,
    call: Call,
    change: (current: Entry | undefined) => [result: R, next: Entry | undefined | Unchanged],
  ): Awaitable<R> {
    let result: R;
    const decided = backend.mutate(
      key,
      (found) => {
        const current = isLive(found) ? found : undefined;
        const [outcome, next] = change(current);
        result = outcome;
        return next === UNCHANGED && found !== current ? undefined : next;
      },
      call,
    );
    return goOn(decided, () => result);
  }

  /** Hides an entry that was seen expired and removes it, if that is still what lies there: a fresh value survives. */
  async function expire(key: string): Promise<undefined> {
    try {
      if (!backend.ownExpiry) await decide(key, plain, () => [0, UNCHANGED]);
    } catch {
      // The answer is known whether or not the medium lets go of the entry now: a sweep will try again.
    }
  }

  function live(entry: Entry<Value> | undefined, key: string): Awaitable<Entry<Value> | undefined> {
    return isLive(entry) ? entry : entry && expire(key);
  }

  function find(key: string, call: Call): Awaitable<Entry<Value> | undefined> {
    return goOn(backend.get(checkKey(key), call), (entry) => live(entry, key));
  }

  const head: (key: string, call: Call) => Awaitable<{ readonly expiresAt: number } | undefined> = backend.head ?? find;

  /** What is written over an entry. Without a ttl of its own it keeps the deadline. */
  function fresh<V extends Value>(value: V, options: WriteOptions | undefined, current?: Entry): Entry<V> {
    const ttl = options?.ttl;
    return { value, expiresAt: ttl === undefined && current ? current.expiresAt : deadline(ttl, now()) };
  }

  function write(key: string, value: Value, options: WriteOptions | undefined): Awaitable<void> {
    return start(options, (call) => backend.set(checkKey(key), fresh(value, options), call));
  }

  const store: Store = disposable({
    get: (key, options) => run(options, (call) => goOn(find(key, call), (entry) => give(entry) ?? missing(key))),

    find: (key, options) => run(options, (call) => goOn(find(key, call), give)),

    has: (key, options) => runOn(key, options, (call) => goOn(head(key, call), isLive)),

    entry: (key, options) =>
      run(options, (call) =>
        goOn(find(key, call), (entry) => entry && { value: give(entry)!, expiresAt: entry.expiresAt }),
      ),

    set: (key, value, options) => settle(() => write(key, own(value), options)),

    delete: (key, options) =>
      runOn(key, options, (call) => goOn(backend.delete(key, call), (wasLive) => (wasLive ? undefined : missing(key)))),

    isPersistent: () => backend.isPersistent(),

    findMany: (keys, options) =>
      run(options, (call) => {
        const wanted = checkItems(keys).map(checkKey);
        return goOn(backend.getMany(wanted, call), (found) =>
          Promise.all(found.map((entry, index) => goOn(live(entry, wanted[index]!), give))),
        );
      }),

    setMany: (items, options) =>
      settle(() => {
        const entries = new Map<string, Entry>();
        for (const item of checkItems(items)) {
          const [key, value, itemOptions] = checkItems<any>(item);
          entries.set(checkKey(key), fresh(own(value), checkCall(itemOptions)));
        }
        return run(options, (call) => backend.setMany([...entries], call));
      }),

    deleteMany: (keys, options) =>
      run(options, (call) => backend.deleteMany([...new Set(checkItems(keys).map(checkKey))], call)),

    compareAndSet: (key, expected, next, options) =>
      // Copied before anything is awaited: the arrays are the caller's.
      settle(() => {
        const old = expected === undefined ? undefined : copyBytes(expected);
        const entry = fresh(copyBytes(next), checkCall(options));
        return runOn(key, options, (call) =>
          decide(key, call, (current) => {
            if (!equalBytes(current?.value, old)) return [false, UNCHANGED];
            // Its time runs from the call on, however long the medium takes.
            return [true, current && options?.ttl === undefined ? { ...current, value: entry.value } : entry];
          }),
        );
      }),

    setIfAbsent: (key, value, options) => store.compareAndSet(key, undefined, value, options),

    take: (key, options) =>
      runOn(key, options, (call) =>
        backend.take ? backend.take(key, call) : decide(key, call, (current) => [current?.value, undefined]),
      ),

    increment: (key, by = 1, options) =>
      runOn(key, options, (call) => {
        check(Number.isFinite(by), "step", "a finite number", by);
        const expiresAt = deadline(options?.ttl, now());
        if (backend.increment) return backend.increment(key, by, expiresAt, call);
        return decide(key, call, (current) => {
          const sum = add(current?.value, by, key);
          return [sum, { expiresAt, ...current, value: toBytes(`${sum}`) }];
        });
      }),

    update: (key, change, options) =>
      runOn(key, options, (call) => {
        checkFunction(change);
        deadline(options?.ttl, 0);
        return decide(key, call, (current) => {
          const next = change(current && new Uint8Array(current.value));
          // The medium keeps one copy, the caller gets the other.
          return next === undefined ? [next, next] : [copyBytes(next), fresh(copyBytes(next), options, current)];
        });
      }),

    touch: (key, options) =>
      runOn(key, options, (call) => {
        // Without a ttl this would quietly take the deadline away.
        const expiresAt = deadline(options?.ttl ?? NaN, now());
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

    sweep: (options) => run(options, (call) => backend.sweep(call)),

    close: () =>
      (closing ??= (async () => {
        stopSweeps();
        for (const end of watches) end("close");
        await backend.close();
      })()),
  });
  const read: Read = (key, options) => start(options, (call) => goOn(find(key, call), (entry) => entry?.value));
  const writeText: Write = (key, text, options) => write(key, backend.keepsText ? text : toBytes(text), options);
  shortcuts.set(store.get, read);
  shortcuts.set(store.find, read);
  shortcuts.set(store.set, writeText);
  const interval = sweepInterval ?? (backend.isPersistent() ? 3_600_000 : 300_000);
  const stopSweeps = startSweeps(backend, backend.ownExpiry ? Infinity : interval, now);
  return store;
}

function missing(key: string): never {
  throw new StoreError("not-found", `No value for key ${quote(key)}: expected a live one`, { key });
}
