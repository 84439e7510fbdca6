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

type Choice = readonly [store: Store, index: number];

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
  let chosen: Choice | undefined;
  let choosing: Promise<Choice> | undefined;
  let closing: Promise<void> | undefined;
  let made: Promise<unknown> | undefined;

  const choose = (): Promise<Choice> =>
    (choosing ??= (async () => {
      const reasons: unknown[] = [];
      try {
        for (const [index, open] of candidates.entries()) {
          if (closing) throw new StoreError("closed", "Store is closed");
          await prove(open, patience).then(
            (store) => (chosen = [store, index]),
            (error: unknown) => reasons.push(error),
          );
          if (chosen) return chosen;
        }
        const cause = new AggregateError(reasons);
        throw new StoreError("unavailable", `Cannot use any store: ${reasons.map(String).join("; ")}`, { cause });
      } catch (error) {
        choosing = undefined;
        throw error;
      }
    })());

  /** Makes a call of the store in use: at once, when that is known. */
  function run(name: (typeof calls)[number], given: any[]): Promise<any> {
    const call = ([store]: Choice, own: any[]): Promise<unknown> =>
      (store[name] as (...own: any[]) => Promise<unknown>)(...own);
    if (chosen) return call(chosen, given);
    return attempt(() => {
      // What is written is the caller's again when the call returns.
      const own = given.map(copy);
      const work = wait(given.at(-1) as CallOptions | undefined).then((choice) => call(choice, own));
      made = Promise.allSettled([made, work]);
      return work;
    });
  }

  /** Resolves when it is known which store is used, or rejects when the signal of a call aborts. */
  async function wait(options: CallOptions | undefined): Promise<Choice> {
    // The last that is given need not be options.
    const { signal } = Object(options) === options ? checkCall(options) : {};
    signal?.throwIfAborted();
    return untilAborted(choose(), signal);
  }

  async function* read<T>(
    options: CallOptions | undefined,
    start: (store: Store) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const [store] = await wait(options);
    yield* start(store);
  }

  const methods = Object.fromEntries(calls.map((name) => [name, (...given: any[]) => run(name, given)]));
  const view = disposable({
    ...(methods as unknown as Store),
    isPersistent: () => !!chosen && chosen[0].isPersistent(),
    keys: (options) => read(options, (store) => store.keys(options)),
    entries: (options) => read(options, (store) => store.entries(options)),
    watch(options) {
      if (chosen) return chosen[0].watch(options);
      // Before the calls that follow this one.
      const started = choose().then(([store]) => store.watch(options));
      started.catch(() => {});
      const changes: AsyncIterableIterator<Change> = {
        [Symbol.asyncIterator]: () => changes,
        next: () => started.then((inner) => inner.next()),
        return: () => started.then((inner) => inner.return!()),
      };
      return changes;
    },
    using: async (options) => wait(checkCall(options)).then(([, index]) => index),
    close: () =>
      (closing ??= (async () => {
        await choosing?.catch(() => {});
        // Those calls that waited for it are still to be made.
        await made;
        await chosen?.[0].close();
      })()),
  } as FallbackStore) as FallbackStore;
  lendBy(view, "sweep", async (prefix, options) => {
    const [store] = await wait(options);
    const sweep = sweeperOf(store);
    return sweep ? sweep(prefix, options) : store.sweep(options);
  });
  return view;
}

/** Returns what is given to a call with bytes of its own. */
function copy(given: any): any {
  if (isBytes(given)) return new Uint8Array(given);
  const isList = Object(given) === given && typeof given[Symbol.iterator] === "function";
  return isList ? [...given].map(copy) : given;
}
