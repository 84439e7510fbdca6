import { checkItems, checkStore } from "../core/check.ts";
import type { Awaitable, Page, PrefixOptions, Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { checkPrefix, isKey, isWellFormed } from "../core/key.ts";
import { attempt } from "../core/attempt.ts";
import { lend, lendBy, lentBy, setText, type Sweeper } from "../core/lending.ts";
import { mapChanges } from "../core/mapChanges.ts";
import { readerOf } from "../core/readerOf.ts";
import { sweeperOf } from "../core/sweeperOf.ts";
import { withoutPrefix } from "../core/withoutPrefix.ts";

// The calls that are about one key, which is their first argument.
const keyed = ["get", "find", "has", "entry", "set", "delete", "compareAndSet", "setIfAbsent", "take", "increment", "update", "touch"] as const; // prettier-ignore

/**
 * Returns a view of a store in which every key begins with a prefix that the caller never sees. The prefix counts in
 * the 1,024 bytes of a key. A sweep of the view removes and counts what is the view's own; that of a store which is
 * neither of this package nor made by `createStore`, or has a `sweep` of its own, is the sweep of the whole. Closing
 * the view closes the store.
 *
 * @example Gives each user a part of one store.
 * ```ts
 * import { memory, prefix } from "shelflife";
 *
 * const store = memory();
 * const ada = prefix(store, "ada/");
 * await ada.set("theme", new TextEncoder().encode("dark"));
 * console.log(await ada.has("theme"), await store.has("ada/theme")); // true true
 * await store.close();
 * ```
 */
export function prefix<Out, In = Out>(store: Store<Out, In>, prefix: string): Store<Out, In> {
  checkStore(store);
  checkPrefix(prefix);
  // A key that is too long only with the prefix is refused here, so that the message does not show the prefix.
  const inner = (key: string): string => {
    check(
      isKey(key) && isKey(prefix + key),
      "key",
      "a well-formed string of 1 to 1,024 UTF-8 bytes, prefix included",
      key,
    );
    return prefix + key;
  };
  const outer = <Named extends { readonly key: string }>(named: Named): Named => ({
    ...named,
    key: named.key.slice(prefix.length),
  });
  const within = <Options extends PrefixOptions>(options: Options | undefined): Options =>
    ({ ...options, prefix: prefix + checkPrefix(options?.prefix) }) as Options;

  /** Gives an error that names a key the name that the caller knows. */
  function rename(error: unknown): never {
    throw withoutPrefix(error, prefix);
  }

  /** Makes a call, and returns its result at once if it is there. */
  function runAtOnce<R>(call: () => Awaitable<R>): Awaitable<R> {
    try {
      const result = call();
      return result instanceof Promise ? result.catch(rename) : result;
    } catch (error) {
      return rename(error);
    }
  }

  const run = <R>(call: () => Awaitable<R>): Promise<R> => attempt(() => runAtOnce(call));

  const view: Store<Out, In> = {
    ...store,
    findMany: (keys, options) => run(() => store.findMany(checkItems(keys).map(inner), options)),
    setMany: (items, options) =>
      run(() => {
        const renamed = checkItems(items).map((item) => {
          const [key, ...rest] = checkItems<any>(item);
          return [inner(key), ...rest] as [string, any];
        });
        return store.setMany(renamed, options);
      }),
    deleteMany: (keys, options) => run(() => store.deleteMany(checkItems(keys).map(inner), options)),
    transact: (keys, change, options) => run(() => store.transact(checkItems(keys).map(inner), change, options)),
    async *keys(options) {
      try {
        for await (const key of store.keys(within(options))) yield outer({ key }).key;
      } catch (error) {
        rename(error);
      }
    },
    async *entries(options) {
      try {
        for await (const entry of store.entries(within(options))) yield outer(entry);
      } catch (error) {
        rename(error);
      }
    },
    list: (options) =>
      run(async (): Promise<Page> => {
        const page = await store.list(within(options));
        return { ...page, entries: page.entries.map(outer) };
      }),
    clear: (options) => run(() => store.clear(within(options))),
    watch(options) {
      // A wrong prefix is the store's to refuse, when the watch is read.
      const isRight = options?.prefix === undefined || isWellFormed(options.prefix);
      const changes = store.watch(isRight ? within(options) : options);
      return mapChanges({ ...changes, next: () => changes.next().catch(rename) }, (change) =>
        change.type === "resync" ? change : outer(change),
      );
    },
  };
  for (const name of keyed) {
    const call = store[name] as (key: string, ...rest: unknown[]) => Promise<unknown>;
    Object.assign(view, {
      [name]: (key: string, ...rest: unknown[]) => run(() => call.call(store, inner(key), ...rest)),
    });
  }
  const sweep = sweeperOf(store);
  if (sweep) {
    const sweepPart: Sweeper = (within, options) => run(() => sweep(prefix + within, options));
    view.sweep = (options) => sweepPart("", options);
    lendBy(view, "sweep", sweepPart);
  }
  const read = readerOf(store);
  if (read) lendBy(view, "entry", (keys, options) => run(() => read(keys.map(inner), options)));
  const findStrays = lentBy(store, "list");
  if (findStrays) {
    lendBy(view, "list", async (within, options) =>
      (await findStrays(prefix + within, options)).map((key) => key.slice(prefix.length)),
    );
  }
  const lent = lentBy(store, "entries");
  if (lent) lendBy(view, "entries", { ...lent, prefix: lent.prefix + prefix });
  const bytes = store as Store<any>;
  for (const name of ["get", "find"] as const) {
    lendBy(view, name, (key: string, options) => runAtOnce(() => lend(bytes, name, inner(key), options)));
  }
  lendBy(view, "set", (key, text, options) => runAtOnce(() => setText(bytes, inner(key), text, options)));
  return view;
}
