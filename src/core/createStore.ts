import { checkCall, checkFunction, checkItems } from "./check.ts";
import {
  UNCHANGED,
  type Backend,
  type Call,
  type CallOptions,
  type Change,
  type Entry,
  type Page,
  type Store,
  type Unchanged,
  type WriteOptions,
} from "./contract.ts";
import { createWatch, type Watch } from "./createWatch.ts";
import { disposable } from "./disposable.ts";
import { check, quote, StoreError } from "./error.ts";
import { checkKey, checkPrefix } from "./key.ts";
import { letExit } from "./letExit.ts";
import type { StoreOptions } from "./options.ts";
import { untilAborted } from "./untilAborted.ts";
import { add, checkBytes, copyBytes, deadline, equalBytes } from "./value.ts";

// A longer delay would make setTimeout fire at once.
const longestDelay = 2 ** 31 - 1;
// A page often lives shorter than the interval: what has expired meanwhile goes soon after opening.
const firstSweep = 10_000;

/**
 * Makes a store of a backend. The single place where meaning lives: key rules, ttl, copying, expiry on read, cancellation,
 * the closed state, and the fallbacks for what a backend leaves out.
 */
export function createStore(backend: Backend, { now = Date.now, sweepInterval }: StoreOptions = {}): Store {
  const interval = sweepInterval ?? (backend.isPersistent() ? 3_600_000 : 300_000);
  const plain: Call = { now };
  const watches = new Set<Watch>();
  const opening = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** The one way in. What has nothing to check or to wait for pays for no promise but the work's own. */
  function run<R>(options: CallOptions | undefined, work: (call: Call) => R | Promise<R>): Promise<R> {
    if (options !== undefined || closing || opening.size) return runChecked(options, work);
    try {
      const done = work(plain);
      return done instanceof Promise ? done : Promise.resolve(done);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Checks what every call has in common, then does the work until it is done or aborted. */
  async function runChecked<R>(options: CallOptions | undefined, work: (call: Call) => R | Promise<R>): Promise<R> {
    if (closing) throw new StoreError("closed", "Store is closed");
    const { signal } = checkCall(options);
    signal?.throwIfAborted();
    // What is done after a watch was asked for is seen by it.
    if (opening.size) await untilAborted(Promise.allSettled(opening), signal);
    return untilAborted(work({ now, signal }), signal);
  }

  /** The same for a call about one key. */
  function runOn<R>(key: string, options: CallOptions | undefined, work: (call: Call) => R | Promise<R>): Promise<R> {
    return run(options, (call) => {
      checkKey(key);
      return work(call);
    });
  }

  function need(name: "mutate" | "list" | "clear" | "sweep" | "watch"): Required<Backend> {
    if (!backend[name]) throw new StoreError("unsupported", `Cannot do this: expected a backend with ${quote(name)}`);
    return backend as Required<Backend>;
  }

  function isLive<E extends { readonly expiresAt: number }>(entry: E | undefined): entry is E {
    return entry !== undefined && entry.expiresAt > now();
  }

  /** Gives a caller bytes that the backend may still hold. */
  function own(entry: Entry | undefined): Uint8Array | undefined {
    return entry && (backend.returnsCopies ? entry.value : new Uint8Array(entry.value));
  }

  /** Decides about a live entry within the medium's transaction; an expired one is removed on the way. */
  async function decide<R>(
    key: string,
    call: Call,
    change: (current: Entry | undefined) => [result: R, next: Entry | undefined | Unchanged],
  ): Promise<R> {
    let result: R;
    await need("mutate").mutate(
      key,
      (found) => {
        const current = isLive(found) ? found : undefined;
        const [outcome, next] = change(current);
        result = outcome;
        return next === UNCHANGED && found !== current ? undefined : next;
      },
      call,
    );
    return result!;
  }

  /** Hides an entry that was seen expired and removes it, if that is still what lies there: a fresh value survives. */
  async function expire(key: string): Promise<undefined> {
    if (!backend.mutate || backend.ownExpiry) return;
    // The answer is known whether or not the medium lets go of the entry now: a sweep will try again.
    await decide(key, { now }, () => [0, UNCHANGED]).catch(() => {});
  }

  async function read(key: string, call: Call): Promise<Entry | undefined> {
    const entry = await backend.get(key, call);
    return isLive(entry) ? entry : entry && expire(key);
  }

  async function remove(key: string, call: Call): Promise<boolean> {
    if (backend.ownExpiry) return backend.delete(key, call);
    // Without decoding what lies there, so that a damaged entry can be removed.
    if (backend.deleteMany) return (await backend.deleteMany([key], call)) > 0;
    return !!(await read(key, call)) && backend.delete(key, call);
  }

  /** What is written over an entry. Without a ttl of its own it keeps the deadline. */
  function write(value: unknown, options: WriteOptions | undefined, current?: Entry, own = copyBytes): Entry {
    const ttl = options?.ttl;
    const expiresAt = ttl === undefined && current ? current.expiresAt : deadline(ttl, now());
    return { value: own(value), expiresAt };
  }

  /** What is written as it is, whatever lies there. */
  function fresh(value: unknown, options: WriteOptions | undefined): Entry {
    return write(value, options, undefined, backend.copiesValues ? checkBytes : copyBytes);
  }

  function schedule(delay: number): void {
    if (!backend.sweep || backend.ownExpiry || delay === Infinity) return;
    const sweep = async (): Promise<void> => {
      try {
        await backend.sweep!({ now });
      } catch {
        // Made up for by the next one.
      }
      if (!closing) schedule(interval);
    };
    timer = setTimeout(() => void sweep(), Math.min(delay, longestDelay));
    letExit(timer);
  }

  const store: Store = disposable({
    get: (key, options) => runOn(key, options, async (call) => own(await read(key, call)) ?? missing(key)),

    find: (key, options) => runOn(key, options, async (call) => own(await read(key, call))),

    has: (key, options) =>
      runOn(key, options, async (call) => isLive(await (backend.head ? backend.head(key, call) : read(key, call)))),

    entry: (key, options) =>
      runOn(key, options, async (call) => {
        const entry = await read(key, call);
        return entry && { value: own(entry)!, expiresAt: entry.expiresAt };
      }),

    set: (key, value, options) => runOn(key, options, (call) => backend.set(key, fresh(value, options), call)),

    delete: (key, options) =>
      runOn(key, options, async (call) => {
        if (!(await remove(key, call))) missing(key);
      }),

    isPersistent: () => backend.isPersistent(),

    findMany: (keys, options) =>
      run(options, async (call) => {
        const wanted = checkItems(keys).map(checkKey);
        const found = await (backend.getMany?.(wanted, call) ??
          Promise.all(wanted.map((key) => backend.get(key, call))));
        return Promise.all(found.map((entry, index) => (isLive(entry) ? own(entry) : entry && expire(wanted[index]!))));
      }),

    setMany: (items, options) =>
      run(options, async (call) => {
        const entries = new Map<string, Entry>();
        for (const item of checkItems(items)) {
          const [key, value, itemOptions] = checkItems<any>(item);
          entries.set(checkKey(key), fresh(value, checkCall(itemOptions)));
        }
        if (backend.setMany) return backend.setMany([...entries], call);
        for (const [key, entry] of entries) await backend.set(key, entry, call);
      }),

    deleteMany: (keys, options) =>
      run(options, async (call) => {
        const wanted = [...new Set(checkItems(keys).map(checkKey))];
        if (backend.deleteMany) return backend.deleteMany(wanted, call);
        let count = 0;
        for (const key of wanted) if (await remove(key, call)) count++;
        return count;
      }),

    compareAndSet: (key, expected, next, options) =>
      // Copied before anything is awaited: the arrays are the caller's.
      runOn(key, options, (call) => {
        const old = expected === undefined ? undefined : copyBytes(expected);
        const { value } = write(next, options);
        return decide(key, call, (current) => {
          const isExpected = equalBytes(current?.value, old);
          return [isExpected, isExpected ? write(value, options, current) : UNCHANGED];
        });
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
          return [sum, { expiresAt, ...current, value: new TextEncoder().encode(`${sum}`) }];
        });
      }),

    update: (key, change, options) =>
      runOn(key, options, (call) => {
        checkFunction(change);
        deadline(options?.ttl, 0);
        return decide(key, call, (current) => {
          const next = change(current && new Uint8Array(current.value));
          if (next === undefined) return [next, next];
          const entry = write(next, options, current);
          // The medium keeps one copy, the caller gets the other.
          return [new Uint8Array(entry.value), entry];
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
      let page: Page | undefined;
      do {
        page = await store.list({ prefix, signal, cursor: page?.cursor });
        for (const entry of page.entries) {
          // The page was read a while ago, and the caller may take his time.
          signal?.throwIfAborted();
          if (isLive(entry)) yield entry.key;
        }
      } while (page.cursor !== undefined);
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
          const found = await need("list").list({ prefix, limit: limit - page.entries.length, cursor }, call);
          page.entries.push(...found.entries.filter(isLive));
          cursor = found.cursor;
          // Expired entries made the page short.
        } while (cursor !== undefined && page.entries.length < limit);
        return cursor === undefined ? page : { ...page, cursor };
      }),

    clear: (options) => run(options, (call) => need("clear").clear({ prefix: checkPrefix(options?.prefix) }, call)),

    watch(options) {
      const { prefix, signal } = options ?? {};
      let stop: Promise<() => void> | undefined;
      const watch = createWatch(signal, () => {
        watches.delete(watch);
        stop?.then((stopTelling) => stopTelling()).catch(() => {});
      });
      watches.add(watch);
      const started = run(options, (call) => {
        // It may have ended while it waited for an earlier one to begin.
        if (!watches.has(watch)) return undefined;
        const wanted = checkPrefix(prefix);
        const changed = (change: Change): void => void (change.key.startsWith(wanted) && watch.changed(change));
        return (stop = Promise.resolve(need("watch").watch({ prefix: wanted }, { ...watch, changed }, call)));
      });
      opening.add(started);
      started.catch(watch.failed).finally(() => opening.delete(started));
      return watch.iterator;
    },

    sweep: (options) => run(options, (call) => need("sweep").sweep(call)),

    close: () =>
      (closing ??= (async () => {
        clearTimeout(timer);
        for (const watch of watches) watch.end();
        await backend.close?.();
      })()),
  });
  schedule(Math.min(interval, firstSweep));
  return store;
}

function missing(key: string): never {
  throw new StoreError("not-found", `No value for key ${quote(key)}: expected a live one`, { key });
}
