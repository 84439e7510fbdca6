import type { Written } from "../core/bytes.ts";
import { checkCall } from "../core/check.ts";
import type { Awaitable, Entry, Store, WriteOptions } from "../core/contract.ts";
import { check, isStoreError, quote, StoreError, type StoreErrorCode } from "../core/error.ts";
import { isKey } from "../core/key.ts";
import { pause } from "../core/pause.ts";
import { longestDelay } from "../core/timers.ts";
import { untilAborted } from "../core/untilAborted.ts";
import { deadline } from "../core/value.ts";

/** How {@link getOrSet} keeps what was loaded. */
export interface GetOrSetOptions extends WriteOptions {
  /**
   * How long an old value is returned after its time, while it is loaded again: ms, at most 4e15. It is kept for that much longer.
   * @default 0
   */
  staleFor?: number | undefined;
  /**
   * Has one of all contexts load (tabs, processes, servers), for so many ms at most. It is for stores with atomic calls. @default each
   * context loads for itself
   */
  lease?: number | undefined;
  /** The clock of the store: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** What {@link getOrSet} calls with what. */
export interface LoadCall {
  /** Aborted when nobody waits for the load any more, or its lease has run out. */
  readonly signal: AbortSignal;
}

/** A load under way, and how many callers wait for it. */
interface Flight extends AbortController {
  landing: Promise<unknown>;
  waiting: number;
}

/** The loads of a store that are under way, by key, and the last that has ended. */
interface Flights extends Map<string, Flight> {
  landed?: Flight;
}

const ofStores = new WeakMap<object, Flights>();
// How long one waits until it looks again what the one with the lease has done: ms.
const leaseWait = 50;

/**
 * Returns the value under a key, or what `load` resolves with, which is written with the lifetime that is given. However many
 * callers there are, each key of this store object has one `load` at a time (a view is another object), and with a `lease`
 * there is one among all contexts.
 *
 * A `load` that fails rejects for those who wait for it, and nothing is stored; the next caller loads again. A caller
 * whose signal aborts leaves alone, and the others wait on; when the last has left, the signal of `load` aborts. What a load
 * brings after that, or after its lease has run out (`unavailable`), is not stored. Nor is it where another writer was faster:
 * the value that is there is returned. `undefined` is no value: `cant-encode`. Where it cannot be stored, the call rejects
 * with the store's error.
 *
 * With `staleFor` a value whose time is over is returned at once, for so many ms more, while it is loaded again once. A load
 * in the background that fails is tried again by the next caller. While one hangs, callers get the old value, and wait for the load
 * when that is over; it is given up when the last of them leaves. So give `load` a time limit of its own, or use a `lease`. A value
 * that others wrote with a deadline counts as old from `staleFor` before that.
 *
 * Each caller gets a value of its own, as the store returns it. A store without atomic calls is looked at before it is
 * written to, in two steps, and refuses a lease (`unsupported`). A lease is an entry under `"\0lease/"` and the key, which
 * therefore has 1,017 bytes at most, and ends by itself. On an offline store it is one among those who share its local store.
 *
 * @example Loads once for a thousand callers.
 * ```ts
 * import { json, memory } from "shelflife";
 * import { getOrSet } from "shelflife/extras";
 *
 * const rates = json<{ usd: number }>(memory());
 * let loads = 0;
 * async function load(): Promise<{ usd: number }> {
 *   loads++;
 *   return { usd: 1.1 };
 * }
 * const callers = Array.from({ length: 1000 }, () => getOrSet(rates, "today", load, { ttl: 60_000 }));
 * const all = await Promise.all(callers);
 * console.log(all.at(-1), loads); // { usd: 1.1 } 1
 * ```
 */
export async function getOrSet<Out, In = Out>(
  store: Store<Out, In>,
  key: string,
  load: (call: LoadCall) => Awaitable<Written<In>>,
  options?: GetOrSetOptions,
): Promise<Out> {
  const {
    signal,
    ttl,
    expiresAt,
    staleFor = 0,
    lease = 0,
    now = () => Date.now(),
  } = checkCall<GetOrSetOptions>(options);
  check(typeof store?.transact === "function", "store", "a store", store);
  for (const [name, each] of Object.entries({ load, now })) check(typeof each === "function", name, "a function", each);
  for (const [name, ms] of Object.entries({ staleFor, lease }))
    check(Number.isFinite(ms) && ms >= 0 && ms <= 4e15, name, "0 to 4e15 ms", ms);
  const lifetime = (): number => deadline({ ttl, expiresAt }, now) + staleFor;
  lifetime();
  // What is no key is the store's to refuse.
  const name = `\0lease/${lease && isKey(key) ? key : ""}`;
  check(isKey(name), "key", "1 to 1,017 UTF-8 bytes with a lease", key);
  const flights: Flights = ofStores.get(store) ?? new Map();
  ofStores.set(store, flights);

  const isFresh = (entry: Entry<Out> | undefined): boolean => (entry?.expiresAt as number) > now() + staleFor;

  /** Loads and writes, and resolves with what was loaded, or with `undefined` where there is a value by now. */
  async function fly(flight: Flight, mayBeThere: boolean): Promise<unknown> {
    const { signal } = flight;
    const call = { signal };
    // Without more, what its lease allows is over.
    const fail = (code: StoreErrorCode = "unavailable", expected = `an end within ${lease} ms`): void =>
      flight.abort(new StoreError(code, `Cannot load key ${quote(key)}: expected ${expected}`, { key }));
    let until = Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      // Its time counts from before it begins, so that it never seems to last longer than it does.
      while (lease && ((until = now() + lease), (await store.increment(name, 1, { ttl: lease, signal })) !== 1)) {
        until = 0;
        do {
          await pause(leaseWait);
          if (isFresh(await store.entry(key, call))) return undefined;
        } while (await store.has(name, call));
      }
      if (lease) timer = setTimeout(fail, Math.min(lease, longestDelay));
      if ((lease || mayBeThere) && isFresh(await store.entry(key, call))) return undefined;
      const value = await untilAborted(Promise.resolve(load(call)), signal);
      if (value === undefined) fail("cant-encode", "a value, got undefined");
      const expiresAt = lifetime();
      const change = ([found]: readonly (Entry<Out> | undefined)[]): any => {
        // The timer may be late, and so may the store.
        if (until <= now()) fail();
        signal.throwIfAborted();
        return [isFresh(found) ? found : { value, expiresAt }];
      };
      await store.transact([key], change, call).catch(async (error: unknown) => {
        if (!isStoreError(error, "unsupported")) throw error;
        if (!isFresh(await store.entry(key, call))) await store.set(key, value, { expiresAt, signal });
      });
      return value;
    } finally {
      clearTimeout(timer);
      // What is not removed ends by itself. Another's ends so much later.
      if (until && lease)
        await store
          .transact([name], ([found]) => [found!.expiresAt - lease < until ? undefined : found])
          // It has ended, or a view with a schema cannot read it.
          .catch((): any => until > now() && store.delete(name))
          .catch(() => {});
      flights.landed = flight;
      if (flights.get(key) === flight) flights.delete(key);
    }
  }

  for (let loaded: unknown; ;) {
    const { landed } = flights;
    const old = await store.entry(key, { signal });
    if (isFresh(old)) return old!.value;
    if (loaded !== undefined) return loaded as Out;
    signal?.throwIfAborted();
    let flight = flights.get(key);
    if (!flight || flight.signal.aborted) {
      flight = new AbortController() as Flight;
      flight.waiting = 0;
      flights.set(key, flight);
      flight.landing = fly(flight, flights.landed !== landed);
      // In the background nobody hears of its failure.
      flight.landing.catch(() => {});
    }
    if (old) return old.value;
    flight.waiting++;
    try {
      // By `load`, say.
      signal?.throwIfAborted();
      loaded = await untilAborted(flight.landing, signal);
    } finally {
      // The last caller that leaves ends it; the next one begins another.
      if (!--flight.waiting && signal?.aborted) flight.abort(signal.reason);
    }
  }
}
