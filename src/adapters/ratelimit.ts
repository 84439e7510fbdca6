import { checkCall } from "../core/check.ts";
import type { Entry, NewEntry, Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { encodeText } from "../core/utf8.ts";
import { add } from "../core/value.ts";
import { lifetimeOf } from "./peer/lifetime.ts";
import { peerOf, type Peer } from "./peer/peer.ts";
import { change, findEntry, remove } from "./peer/values.ts";

/** How {@link ratelimit} counts. */
export interface RatelimitOptions {
  /** What the keys begin with in the store. @default "rl:" */
  prefix?: string | undefined;
}

/** How many hits there were in the window, and when that ends. */
export interface Hits {
  totalHits: number;
  resetTime: Date | undefined;
}

/** A store as express-rate-limit and hono-rate-limiter take one. */
export interface RatelimitStore {
  readonly prefix: string;
  /** `false`: other processes count in the same store. */
  readonly localKeys: false;
  /** Takes the length of the window: ms. */
  init(options: { windowMs: number }): void;
  /** Reads the hits of a client, `undefined` for none. */
  get(key: string): Promise<Hits | undefined>;
  /** Counts a hit in one step; the first begins a window. */
  increment(key: string): Promise<Hits>;
  /** Takes a hit back, if there is one. */
  decrement(key: string): Promise<void>;
  resetKey(key: string): Promise<void>;
  /** Forgets all clients, those with the prefix. */
  resetAll(): Promise<void>;
  /** Does nothing: the store stays yours to close. */
  shutdown(): void;
}

/** The options of a limit, or of one of its routes, that a store of Fastify's looks at. */
export interface FastifyLimit {
  continueExceeding?: boolean | undefined;
  exponentialBackoff?: boolean | undefined;
  routeInfo?: { method?: unknown; url?: string | undefined } | undefined;
}

/** Takes what a call failed with, or how many hits there were and how long the window still is: ms. */
export type FastifyAnswer = (error: Error | null, result?: { current: number; ttl: number }) => void;

/** A store as @fastify/rate-limit makes one of its constructor. */
export interface FastifyLimitStore {
  incr(key: string | number, callback: FastifyAnswer, timeWindow: number, max?: number): void;
  read(key: string | number, callback: FastifyAnswer, timeWindow?: number, max?: number): void;
  /** Returns the store of a route with a limit of its own, whose options have `routeInfo`. */
  child(limit: any): FastifyLimitStore;
}

/** Returns the number of hits after another `by`. */
function sum(key: string, entry: Entry<string> | undefined, by: number): number {
  return add(entry && encodeText(entry.value), by, key);
}

/** Returns when a window ends, `undefined` for one without end. */
const endOf = ({ expiresAt }: Entry<string>): Date | undefined =>
  expiresAt === Infinity ? undefined : new Date(expiresAt);

const ttlOf = (entry: { readonly expiresAt: number } | undefined): number =>
  entry ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, entry.expiresAt - Date.now())) : 0;

/**
 * Returns a store of express-rate-limit and hono-rate-limiter over a store. A hit and the end of its window are one step, so that the limit is
 * exact however many processes count in one store. A window begins with the first hit, and its counter goes when it ends. Limits that
 * count apart need prefixes of their own. Nothing here closes the store.
 *
 * @example Counts two hits in a window of a minute.
 * ```ts
 * import { memory } from "shelflife";
 * import { ratelimit } from "shelflife/adapters/ratelimit";
 *
 * const limits = ratelimit(memory()); // app.use(rateLimit({ windowMs: 60_000, limit: 100, store: limits }))
 * limits.init({ windowMs: 60_000 }); // which the library does
 * const first = await limits.increment("127.0.0.1");
 * const second = await limits.increment("127.0.0.1");
 * console.log(second.totalHits, second.resetTime?.getTime() === first.resetTime?.getTime()); // 2 true
 * ```
 */
export function ratelimit(store: Store, options: RatelimitOptions = {}): RatelimitStore {
  const { prefix = "rl:" } = checkCall<RatelimitOptions>(options);
  const peer = peerOf(store, prefix);
  // What both libraries take for a window that nobody names.
  let windowMs = 60_000;

  return {
    prefix,
    localKeys: false,
    init(options) {
      const given: unknown = options?.windowMs;
      check(typeof given === "number" && given > 0, "windowMs", "a number of ms above 0", given);
      windowMs = given;
    },
    async get(key) {
      const entry = await findEntry(peer, key);
      return entry && { totalHits: sum(key, entry, 0), resetTime: endOf(entry) };
    },
    async increment(key) {
      const entry = await change(peer, key, (current) => {
        const value = `${sum(key, current, 1)}`;
        return current ? { value, expiresAt: current.expiresAt } : { value, ttl: windowMs };
      });
      // A window that ended meanwhile had this hit in it.
      return { totalHits: entry ? sum(key, entry, 0) : 1, resetTime: entry && endOf(entry) };
    },
    async decrement(key) {
      await change(peer, key, (current) => {
        if (!current) return current;
        return { value: `${Math.max(0, sum(key, current, -1))}`, expiresAt: current.expiresAt };
      });
    },
    async resetKey(key) {
      await remove(peer, [key]);
    },
    resetAll: () => store.clear({ prefix }),
    shutdown() {},
  };
}

/**
 * Returns the constructor of stores that @fastify/rate-limit takes, with its `continueExceeding` and `exponentialBackoff`. Routes with a limit
 * of their own count apart. A hit and the end of its window are one step, as in {@link ratelimit}.
 *
 * @example Limits the routes of Fastify.
 * ```ts
 * import { memory } from "shelflife";
 * import { fastifyRateLimit } from "shelflife/adapters/ratelimit";
 *
 * const Limits = fastifyRateLimit(memory()); // fastify.register(rateLimit, { max: 100, timeWindow: 60_000, store: Limits })
 * const limits = new Limits({}); // which the plugin does
 * limits.incr("127.0.0.1", (error, result) => console.log(error, result?.current), 60_000, 100);
 * // null 1
 * ```
 */
export function fastifyRateLimit(
  store: Store,
  options: RatelimitOptions = {},
): new (limit: FastifyLimit) => FastifyLimitStore {
  const { prefix = "rl:" } = checkCall<RatelimitOptions>(options);
  const peer = peerOf(store, prefix);
  // An arrow function is no constructor.
  return function Limits(limit: FastifyLimit = {}) {
    return limitStore(peer, limit, "");
  } as unknown as new (limit: FastifyLimit) => FastifyLimitStore;
}

function limitStore(peer: Peer, limit: FastifyLimit, route: string): FastifyLimitStore {
  const { continueExceeding, exponentialBackoff } = limit;
  // A route stands in brackets, so that no client of the whole can be taken for one of a route.
  // Fastify takes numbers for keys, too.
  const keyOf = (key: string | number): string => (route || `${key}`[0] === "[" ? `${route || "[]"}${key}` : `${key}`);

  async function count(key: string, timeWindow: number, max = Infinity): Promise<{ current: number; ttl: number }> {
    let current = 0;
    const entry = await change(peer, key, (found): NewEntry<string> => {
      current = sum(key, found, 1);
      const value = `${current}`;
      const over = current - max;
      if (found && over > 0 && exponentialBackoff && !continueExceeding)
        return { value, ...lifetimeOf(timeWindow * 2 ** (over - 1)) };
      const isNew = !found || (over > 0 && continueExceeding);
      return { value, ...(isNew ? lifetimeOf(timeWindow) : { expiresAt: found.expiresAt }) };
    });
    return { current, ttl: ttlOf(entry) };
  }

  return {
    incr(key, callback, timeWindow, max) {
      void count(keyOf(key), timeWindow, max).then((result) => callback(null, result), callback);
    },
    read(key, callback) {
      const inner = keyOf(key);
      const reading = findEntry(peer, inner).then((entry) => ({ current: sum(inner, entry, 0), ttl: ttlOf(entry) }));
      void reading.then((result) => callback(null, result), callback);
    },
    child: (limit: FastifyLimit) =>
      limitStore(peer, limit, JSON.stringify([limit.routeInfo?.method, limit.routeInfo?.url])),
  };
}
