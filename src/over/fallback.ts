import { attempt } from "../core/attempt.ts";
import { checkCall, checkItems } from "../core/check.ts";
import type { CallOptions, Change, Store } from "../core/contract.ts";
import { disposable } from "../core/disposable.ts";
import { check, StoreError } from "../core/error.ts";
import { lendBy } from "../core/lending.ts";
import { milliseconds } from "../core/options.ts";
import type { Config, Registry } from "../core/registry.ts";
import { sweeperOf } from "../core/sweeperOf.ts";
import { untilAborted } from "../core/untilAborted.ts";
import { isBytes } from "../core/value.ts";
import { prove } from "./fallback/prove.ts";

/** How {@link fallback} finds out which store works. */
export interface FallbackOptions {
  /** How long a store may take to open and to be written to: ms. @default 5_000 */
  patience?: number | undefined;
  /** What opens the configurations in the list, the `registry` of this package say. @default the list has functions only */
  registry?: Pick<Registry, "open" | "valid"> | undefined;
}

/** A store on the first of several that works. */
export interface FallbackStore extends Store {
  /** Resolves with the index of the store in use, which it finds out if nobody has called it yet. */
  using(options?: CallOptions): Promise<number>;
}

const calls = ["get", "find", "has", "entry", "set", "delete", "findMany", "setMany", "deleteMany", "compareAndSet", "setIfAbsent", "take", "increment", "update", "touch", "transact", "list", "clear", "flush", "sweep"] as const; // prettier-ignore

/**
 * Returns a store on the first of several that works: functions that return a store of bytes, or configurations, which a
 * `registry` opens. Its first call finds out: it opens one after the other and writes to it, reads that and removes it, until one
 * has done so within `patience`. So storage that is blocked, full or never opens, and a server that is away or refuses to be
 * written to, are passed over; what was opened of them is closed. It stays with what it found. Where none works, calls reject
 * `unavailable` with the reasons, and the next call tries anew.
 *
 * Until it is known which store is used, `isPersistent` is false. Closing it closes that store. Put views over it:
 * `json(fallback(…))`. Throws `invalid-argument`, and `bad-config` for a configuration.
 *
 * @example Keeps values in memory where the page may store nothing.
 * ```ts
 * import { indexeddb, memory } from "shelflife";
 * import { fallback } from "shelflife/extras";
 *
 * const store = fallback([() => indexeddb({ database: "app" }), () => memory()]);
 * await store.set("key", Uint8Array.of(1));
 * console.log(await store.using(), store.isPersistent()); // 1 false
 * await store.close();
 * ```
 */
export function fallback(
  list: Iterable<Config | (() => Store | Promise<Store>)>,
  options?: FallbackOptions,
): FallbackStore {
  const { patience = 5000, registry } = checkCall(options);
  check(milliseconds.test(patience), "patience", milliseconds.expected, patience);
  const candidates = checkItems(list).map((each) => {
    if (typeof each === "function") return each;
    check(typeof registry?.valid === "function", "store", "a function, or a configuration and a registry", each);
    registry.valid(each);
    return () => registry.open(each);
  });
  check(candidates.length, "list", "a store", "none");
  let chosen: Store | undefined;
  let index: number;
  let choosing: Promise<Store> | undefined;
  let closing: Promise<void> | undefined;

  async function choose(): Promise<Store> {
    const reasons: unknown[] = [];
    for (index = 0; index < candidates.length; index++) {
      if (closing) throw new StoreError("closed", "Store is closed");
      try {
        return await prove(candidates[index]!, patience);
      } catch (error) {
        reasons.push(error);
      }
    }
    const cause = new AggregateError(reasons);
    throw new StoreError("unavailable", `Cannot use any store: ${reasons.map(String).join("; ")}`, { cause });
  }

  /** Does work with the store in use, when that is known, in the order of the calls; or rejects when the signal of a call aborts. */
  function use<R>(options: CallOptions | undefined, work: (store: Store) => R | Promise<R>): R | Promise<R> {
    // The last that is given need not be options.
    const { signal } = Object(options) === options ? checkCall(options) : {};
    signal?.throwIfAborted();
    if (!choosing) {
      choosing = choose();
      // Before the work that waits: what is called at once from then on comes after it.
      choosing.then(
        (store) => (chosen = store),
        () => (choosing = undefined),
      );
    }
    return untilAborted(choosing.then(work), signal);
  }

  async function* read<T>(
    options: CallOptions | undefined,
    start: (store: Store) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* await use(options, start);
  }

  const methods = calls.map((name) => {
    const call = (store: Store, given: any[]): Promise<unknown> =>
      (store[name] as (...given: any[]) => Promise<unknown>)(...given);
    return [
      name,
      (...given: any[]): Promise<unknown> => {
        if (chosen) return call(chosen, given);
        return attempt(() => {
          // What is written is the caller's again when the call returns.
          const own = given.map(copy);
          return use(given.at(-1) as CallOptions | undefined, (store) => call(store, own));
        });
      },
    ];
  });
  const view = disposable({
    ...(Object.fromEntries(methods) as Store),
    isPersistent: () => !!chosen?.isPersistent(),
    keys: (options) => read(options, (store) => store.keys(options)),
    entries: (options) => read(options, (store) => store.entries(options)),
    watch(options) {
      if (chosen) return chosen.watch(options);
      const started = attempt(() => use(options, (store) => store.watch(options))).catch(
        (error: unknown): AsyncIterableIterator<Change> => {
          if (!options?.signal?.aborted) throw error;
          return (async function* () {})();
        },
      );
      // Nobody may ask for it.
      started.catch(() => {});
      const changes: AsyncIterableIterator<Change> = {
        [Symbol.asyncIterator]: () => changes,
        next: () => started.then((inner) => inner.next()),
        return: () => started.then((inner) => inner.return!()),
      };
      return changes;
    },
    using: async (options) => use(checkCall(options), () => index),
    close: () =>
      (closing ??= (async () => {
        // The calls that waited for it are made by then.
        await choosing?.catch(() => {});
        await chosen?.close();
      })()),
  } as FallbackStore) as FallbackStore;
  lendBy(view, "sweep", async (prefix, options) =>
    use(options, (store) => sweeperOf(store)?.(prefix, options) ?? store.sweep(options)),
  );
  return view;
}

/** Returns what is given to a call with bytes of its own. */
function copy(given: any): any {
  if (isBytes(given)) return new Uint8Array(given);
  const isList = Object(given) === given && typeof given[Symbol.iterator] === "function";
  return isList ? [...given].map(copy) : given;
}
