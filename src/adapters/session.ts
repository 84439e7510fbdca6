import { checkCall } from "../core/check.ts";
import type { Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { milliseconds } from "../core/options.ts";
import { keys } from "./peer/listing.ts";
import { parse, peerOf, place } from "./peer/peer.ts";
import { find, remove, set, stringify } from "./peer/values.ts";

/** How {@link session} keeps sessions. */
export interface SessionOptions {
  /** What the keys begin with in the store. @default "sess:" */
  prefix?: string | undefined;
  /** How long a session lives whose cookie says nothing of it: ms. @default 86_400_000 (a day) */
  ttl?: number | undefined;
}

/** Takes what a call failed with, or its result. */
export type SessionCallback<T = unknown> = (error?: any, result?: T) => void;

/** The methods of a session store as connect knows it. Without a callback each returns a promise. */
export interface SessionMethods {
  /** Reads a session, `undefined` for none. */
  get(sid: string, callback?: SessionCallback<any>): any;
  /** Writes a session until its cookie expires. */
  set(sid: string, session: any, callback?: SessionCallback): any;
  /** Gives a session the deadline of its cookie, and leaves the rest as it is. */
  touch(sid: string, session: any, callback?: SessionCallback): any;
  destroy(sid: string, callback?: SessionCallback): any;
  /** Reads all sessions, each with its `id`. */
  all(callback?: SessionCallback<any>): any;
  ids(callback?: SessionCallback<any>): any;
  length(callback?: SessionCallback<any>): any;
  /** Removes all sessions, those with the prefix. */
  clear(callback?: SessionCallback): any;
}

/**
 * Returns the methods of a session store as connect, express-session and @fastify/session know it: to be given to Fastify as they
 * are, or mixed into a base class, which {@link sessionStore} does. A failure goes to the callback, and a session that is not there is
 * no failure. Nothing here closes the store.
 *
 * A session lives until its cookie's `expires`, for its `originalMaxAge` if there is none, or else for `ttl`. One whose cookie is
 * past is removed. `touch` renews the deadline alone, in one step. In the store a session is its JSON.
 *
 * @example Keeps the sessions of Fastify.
 * ```ts
 * import { memory } from "shelflife";
 * import { session } from "shelflife/adapters/session";
 *
 * const sessions = session(memory()); // fastify.register(fastifySession, { secret, store: sessions })
 * await sessions.set("a1", { user: "ada", cookie: { originalMaxAge: 60_000 } });
 * console.log((await sessions.get("a1")).user); // ada
 * console.log(await sessions.ids()); // [ 'a1' ]
 * ```
 */
export function session(store: Store, options: SessionOptions = {}): SessionMethods {
  const { prefix = "sess:", ttl = 86_400_000 } = checkCall<SessionOptions>(options);
  check(milliseconds.test(ttl), "ttl", milliseconds.expected, ttl);
  const peer = peerOf(store, prefix);

  function lifetime(session: any): { expiresAt: number } {
    const { expires, originalMaxAge } = session?.cookie ?? {};
    // Express has false, too, for a cookie that ends with the browser.
    const at = +new Date(expires || NaN);
    return { expiresAt: Math.max(0, Number.isNaN(at) ? Date.now() + (originalMaxAge || ttl) : at) };
  }

  /** Does the work, and hands its outcome to a callback if there is one. */
  function answer<T>(callback: SessionCallback<T> | undefined, work: () => Promise<T>): Promise<T> | undefined {
    const result = work();
    if (!callback) return result;
    // What a callback throws is not caught here, so that the process hears of it.
    void result.then((value) => callback(null, value), callback);
    return undefined;
  }

  return {
    get: (sid, callback) =>
      answer(callback, async () => {
        const text = await find(peer, sid);
        return text && parse(sid, text);
      }),
    set: (sid, session, callback) =>
      answer(callback, async () => set(peer, sid, stringify(sid, session), lifetime(session))),
    touch: (sid, session, callback) =>
      answer(callback, async () => void (await store.touch(await place(peer, sid), lifetime(session)))),
    destroy: (sid, callback) => answer(callback, async () => void (await remove(peer, [sid]))),
    all: (callback) =>
      answer(callback, async () => {
        const all = await Promise.all((await keys(peer)).map(async (id) => [id, await find(peer, id)] as const));
        return all.flatMap(([id, text]) => (text ? { ...parse(id, text), id } : []));
      }),
    ids: (callback) => answer(callback, () => keys(peer)),
    length: (callback) => answer(callback, async () => (await keys(peer)).length),
    clear: (callback) => answer(callback, () => store.clear({ prefix })),
  };
}

/**
 * Returns a session store of a base class, the `Store` of express-session, with the methods of {@link session}.
 *
 * @example Keeps the sessions of Express.
 * ```ts
 * import { EventEmitter } from "node:events";
 * import { memory } from "shelflife";
 * import { sessionStore } from "shelflife/adapters/session";
 *
 * class Store extends EventEmitter {} // import { Store } from "express-session"
 * const sessions = sessionStore(Store, memory()); // app.use(expressSession({ secret, store: sessions, … }))
 * await sessions.set("a1", { user: "ada", cookie: {} });
 * console.log(sessions instanceof Store, await sessions.length()); // true 1
 * ```
 */
export function sessionStore<Base extends object>(
  base: abstract new () => Base,
  store: Store,
  options?: SessionOptions,
): Base & SessionMethods {
  return Object.assign(new (base as unknown as new () => Base)(), session(store, options));
}
