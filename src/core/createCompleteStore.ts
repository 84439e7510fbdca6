import type { Bytes } from "./bytes.ts";
import { andThen, attempt } from "./attempt.ts";
import { checkItems } from "./check.ts";
import type { Awaitable, Call, CompleteBackend, Entry, Store, Value, WriteOptions } from "./contract.ts";
import { createAtomics } from "./createCompleteStore/atomics.ts";
import type { Run, RunOn } from "./createCompleteStore/calls.ts";
import { expire } from "./createCompleteStore/decide.ts";
import { createEntrance } from "./createCompleteStore/entrance.ts";
import { watchInTime } from "./createCompleteStore/expiries.ts";
import { createListing } from "./createCompleteStore/listing.ts";
import { startSweeps } from "./createCompleteStore/startSweeps.ts";
import { startWatch, type End } from "./createCompleteStore/startWatch.ts";
import { createTransact } from "./createCompleteStore/transact.ts";
import { toEntries, writeMany, writeOne } from "./createCompleteStore/writing.ts";
import { disposable } from "./disposable.ts";
import { missing } from "./error.ts";
import { checkKey, checkPrefix } from "./key.ts";
import { lendBy, type Lender } from "./lending.ts";
import type { StoreOptions } from "./options.ts";
import { checkBytes, copyBytes, fresh, live, toBytes } from "./value.ts";

/**
 * Makes a store of a backend that leaves nothing out. The single place where meaning lives: key rules, ttl, copying, expiry
 * on read, cancellation and the closed state.
 */
export function createCompleteStore(
  backend: CompleteBackend<Value>,
  { now = () => Date.now(), sweepInterval }: StoreOptions = {},
): Store {
  const watches = new Set<End>();
  let closing: Promise<void> | undefined;
  const [start, alone, ahead, isWaiting] = createEntrance(backend.takesTurns, now, () => !!closing);
  const run: Run = (options, work, prepare) => attempt(() => start(options, work, prepare));
  const runOn: RunOn = (key, options, work) =>
    run(options, (call) => {
      checkKey(key);
      return work(call);
    });

  const own = (value: unknown): Uint8Array =>
    backend.copiesValues && !isWaiting() ? checkBytes(value) : copyBytes(value);
  // Gives a caller what the backend may still hold.
  const give = (value: Value | undefined): Bytes | undefined =>
    backend.returnsCopies || typeof value !== "object" ? (toBytes(value) as Bytes | undefined) : new Uint8Array(value);

  const isLive = (entry: { readonly expiresAt: number } | undefined): boolean => !!live(entry, now);
  const seen = (entry: Entry<Value> | undefined, key: string): Awaitable<Entry<Value> | undefined> =>
    live(entry, now) ?? (entry && expire(backend, key, now));
  const find = (key: string, call: Call): Awaitable<Entry<Value> | undefined> =>
    andThen(backend.get(checkKey(key), call), (entry) => seen(entry, key));
  const head: (key: string, call: Call) => Awaitable<{ readonly expiresAt: number } | undefined> = backend.head ?? find;

  const write = <T>(key: string, value: T, options: WriteOptions | undefined, take: (value: T) => Value) =>
    start(
      options,
      (call, entry) => writeOne(backend, checkKey(key), entry, call),
      () => fresh(take(value), options, now),
    );

  // The lenders, on which the calls themselves stand.
  const lendFound: Lender = (key, options) =>
    start(options, (call) => andThen(find(key, call), (entry) => entry?.value));
  const lend: Lender = (key, options) => andThen(lendFound(key, options), (value) => value ?? missing(key));

  const watch = backend.ownExpiry ? backend.watch : watchInTime(backend, now, () => !!closing);

  const store: Store = disposable<Bytes, Bytes>({
    get: (key, options) => attempt(() => andThen(lend(key, options), give)) as Promise<Bytes>,
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
          Promise.all(found.map((entry, index) => andThen(seen(entry, wanted[index]!), (entry) => give(entry?.value)))),
        );
      }),
    setMany: (items, options) =>
      run(
        options,
        (call, entries) => writeMany(backend, [...entries], call),
        () => toEntries(items, own, now),
      ),
    deleteMany: (keys, options) =>
      run(options, (call) => backend.deleteMany([...new Set(checkItems(keys).map(checkKey))], call)),
    setIfAbsent: (key, value, options) => store.compareAndSet(key, undefined, value, options),
    ...createAtomics(backend, now, run, runOn, alone),
    ...createTransact(backend, now, run, alone),
    ...createListing(backend, run, isLive, give as (value: Value) => Bytes),
    clear: (options) => run(options, (call) => backend.clear({ prefix: checkPrefix(options?.prefix) }, call)),
    // What is asked for after it is seen by it.
    watch: (options) => ahead(() => startWatch({ watch }, options, run, watches)),
    flush: (options) => run(options, (call) => backend.flush?.(call)),
    sweep: (options) => run(options, (call) => backend.sweep(call)),
    close: () =>
      (closing ??= (async () => {
        stopSweeps();
        for (const end of watches) end();
        await backend.close();
      })()),
  });
  for (const name of ["sweep", "entry", "transact"] as const) lendBy(store, name, { backend, run });
  lendBy(store, "get", lend);
  lendBy(store, "find", lendFound);
  lendBy(store, "set", (key, text, options) => write(key, text, options, backend.keepsText ? (same) => same : toBytes));
  const interval = sweepInterval ?? (backend.isPersistent() ? 3_600_000 : 300_000);
  const stopSweeps = startSweeps(backend, backend.ownExpiry ? Infinity : interval, now);
  return store;
}
