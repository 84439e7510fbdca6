import { UNCHANGED, type FullBackend, type Call, type Decision, type Entry, type Store } from "../core/contract.ts";
import { createFullStore } from "../core/createFullStore.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import {
  callable,
  checkOptions,
  milliseconds,
  positiveInteger,
  storeRules,
  type StoreOptions,
} from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { createBatcher, type Single } from "./_batcher.ts";
import { followChanges, type Stream } from "./_follow.ts";
import { createSend, left, pause, type Details, type Send, type Target } from "./_send.ts";
import { frame, readFound, readJson, readLast, readPage, readResults, type Polled, type Tagged } from "./wire.ts";

/** Where a remote store is and how it is asked. */
export interface RemoteOptions extends StoreOptions {
  /** Where the handler is mounted: an http or https URL, or in a page a path that begins with "/". */
  url: string;
  /** What every request carries besides. @default none */
  headers?: Readonly<Record<string, string>> | undefined;
  /** What the requests are authorized by, as a bearer token. @default none */
  token?: string | undefined;
  /** What sends a request in place of the platform's own. @default globalThis.fetch */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** How long a request may take, repetitions included: ms. @default 30_000 */
  timeout?: number | undefined;
  /** How often a request is sent at most. @default 4 */
  attempts?: number | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    http: RemoteOptions;
  }
}

// Of those who fight for a key one wins each time, so that even a crowd is through by then.
const tries = 64;
// How long a stream of changes may take to begin before they are polled for: ms.
const promptly = 5000;

/**
 * Returns the store that a handler serves at a URL. Calls made at once travel as one request, and are answered each for
 * itself. One that gets no answer of a handler (none in time, one cut short, a stranger's) is repeated, after as long as the
 * answer asks for, under a name by which a handler applies it once; in the end it rejects `unavailable`. An atomic call that
 * others keep outrunning rejects `conflict`, and so does one whose outcome the handler does not know. A watch outlives its
 * connection; when changes were missed, or none can be asked for within the timeout, it rejects `unavailable`. Throws
 * `bad-config`.
 */
export function remote(options: RemoteOptions): Store {
  return remoteFactory.build(remoteFactory.valid(options)) as Store;
}

export const remoteFactory: Factory<RemoteOptions> = {
  valid: (parameters) =>
    checkOptions<RemoteOptions>("http", parameters, {
      ...storeRules,
      url: {
        expected: "an http or https URL",
        required: true,
        // With the credentials that it should not have.
        secret: `${(parameters as Partial<RemoteOptions>)?.url}`.includes("@"),
        test: (url) => /^https?:[^@?#]+$/.test(absolute(url)),
      },
      headers: {
        expected: "an object of headers",
        secret: true,
        test: (headers) => !!attempt(() => new Headers(headers as {})),
      },
      token: { expected: "visible ASCII characters", secret: true, test: (token) => /^[!-~]+$/.test(token as string) },
      fetch: callable,
      timeout: milliseconds,
      attempts: positiveInteger,
    }),
  build: (options) => createFullStore(remoteBackend(options), options),
};

function remoteBackend(options: RemoteOptions): FullBackend {
  const { timeout = 30_000 } = options;
  const send = createSend(absolute(options.url).replace(/\/+$/, ""), options);
  const pending = new Set<Promise<unknown>>();
  const turns = new Map<string, Promise<unknown>>();

  /** Notes a call as one that `close` waits for. */
  function track<R>(asked: Promise<R>): Promise<R> {
    const forget = (): unknown => pending.delete(asked);
    pending.add(asked);
    asked.then(forget, forget);
    return asked;
  }

  const ask: Send = (...request) => track(send(...request));

  const single = createBatcher((calls, signal) =>
    ask(
      { now: calls[0]!.call.now, signal },
      "POST batch",
      {},
      {
        body(start) {
          const lines = calls.map(({ line, expiresAt }) => [...line, ...(expiresAt ? [left(expiresAt, start)] : [])]);
          return frame(
            { calls: lines },
            calls.flatMap(({ value = [] }) => value as Uint8Array),
          );
        },
        isSafe: calls.every(({ isSafe }) => isSafe),
        read: (bytes, start) => readResults(bytes, start, calls.length),
      },
    ),
  );

  /** Makes a call about one key, with others of the same moment or as a request of its own. */
  function make<R>(
    call: Call,
    line: Single["line"],
    target: Target,
    details: Details<R> & { readonly value?: Uint8Array } = {},
  ): Promise<R> {
    const { value, expiresAt, isSafe = /^[GH]/.test(target) } = details;
    const [, key, by] = line;
    return track(
      single({
        call,
        line,
        value,
        expiresAt,
        isSafe,
        alone: () => send(call, target, value ? { key } : { key, by }, { ...details, body: () => value }),
      }),
    );
  }

  async function change(key: string, decide: Decision, call: Call): Promise<void> {
    for (let count = 1; count <= tries; count++) {
      const found = await ask<Tagged | undefined>(call, "GET entry", { key });
      const next = decide(found);
      if (next === UNCHANGED || !(next || found)) return;
      try {
        return await ask(
          call,
          next ? "PUT entry" : "DELETE entry",
          { key },
          {
            found: found ?? null,
            body: () => next?.value,
            expiresAt: next?.expiresAt,
          },
        );
      } catch (error) {
        if (!isStoreError(error, "conflict")) throw error;
      }
      await pause(4 * count);
    }
    throw new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less`, { key });
  }

  return {
    ownExpiry: true,
    returnsCopies: true,
    isPersistent: () => true,
    get: (key, call) => make<Entry | undefined>(call, ["get", key], "GET entry"),
    set: async (key, { value, expiresAt }, call) =>
      void (await make(call, ["set", key, value.length], "PUT entry", { value, expiresAt, isSafe: true })),
    delete: async (key, call) => !!(await make(call, ["delete", key], "DELETE entry")),
    mutate(key, decide, call) {
      // Those in this process wait for one another rather than fight.
      const turn = Promise.resolve(turns.get(key)).then(() => change(key, decide, call));
      const settled = turn.catch(() => {}).then(() => void (turns.get(key) === settled && turns.delete(key)));
      turns.set(key, settled);
      return turn;
    },
    head: (key, call) => make<Entry | undefined>(call, ["has", key], "HEAD entry"),
    getMany: (keys, call) =>
      ask(
        call,
        "POST batch",
        {},
        {
          body: () => frame({ find: keys }),
          read: (bytes, start) => readFound(bytes, start, keys.length),
          isSafe: true,
        },
      ),
    setMany: async (items, call) =>
      void (await ask(
        call,
        "POST batch",
        {},
        {
          body(start) {
            const lines = items.map(([key, { value, expiresAt }]) => [key, value.length, left(expiresAt, start)]);
            return frame(
              { set: lines },
              items.map(([, { value }]) => value),
            );
          },
          isSafe: true,
        },
      )),
    deleteMany: (keys, call) => ask(call, "POST batch", {}, { body: () => frame({ delete: keys }), read: readJson }),
    list: (options, call) => ask(call, "GET entries", options, { read: readPage }),
    clear: async (options, call) => void (await ask(call, "DELETE entries", options)),
    sweep: (call) => ask(call, "POST sweep", {}, { read: readJson }),
    watch: (options, observer, call) =>
      followChanges(
        {
          open: (after, signal) =>
            send<Stream>(
              { ...call, signal },
              "GET changes",
              { ...options, after },
              {
                read: (body, _, headers) => ({ body, last: readLast(headers) }),
                timeout: Math.min(promptly, timeout),
              },
            ),
          poll: (after, signal) =>
            send<Polled>(
              { ...call, signal },
              "GET changes",
              { ...options, after },
              {
                accept: "application/json",
                read: readJson,
              },
            ),
        },
        observer,
        call.signal,
      ),
    close: () => Promise.allSettled([...pending, ...turns.values()]).then(() => {}),
    take: async (key, call) => (await make<Entry | undefined>(call, ["take", key], "POST take"))?.value,
    increment: (key, by, expiresAt, call) =>
      make(call, ["increment", key, by], "POST increment", { expiresAt, read: readJson }),
    touch: async (key, expiresAt, call) => !!(await make(call, ["touch", key], "POST touch", { expiresAt })),
  };
}

/** Returns the whole URL that a configured one stands for, or nothing if it is none. */
function absolute(url: unknown): string {
  return attempt(() => new URL(url as string, globalThis.location?.href).href) ?? "";
}

function attempt<R>(work: () => R): R | void {
  try {
    return work();
  } catch {}
}
