import { UNCHANGED, type CompleteBackend, type Call, type Decision, type Entry, type Store } from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { quote, StoreError } from "../core/error.ts";
import {
  callable,
  checkOptions,
  milliseconds,
  positiveInteger,
  storeRules,
  type StoreOptions,
} from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { createBatcher, type Single } from "./client/batcher.ts";
import { followChanges } from "./client/follow.ts";
import { createSend, pause, type Details, type Target } from "./client/send.ts";
import { frame, keep, lastHeader, readJson, readPage, readResults, type Tagged } from "./wire.ts";

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
  build: (options) => createCompleteStore(remoteBackend(options), options),
};

function remoteBackend(options: RemoteOptions): CompleteBackend {
  const { timeout = 30_000 } = options;
  const send = createSend(absolute(options.url).replace(/\/+$/, ""), options);
  const pending = new Set<Promise<unknown>>();
  const turns = new Map<string, Promise<unknown>>();

  /** Notes work as what `close` waits for. */
  function track<R>(work: Promise<R>): Promise<R> {
    const forget = (): unknown => pending.delete(work);
    pending.add(work);
    work.then(forget, forget);
    return work;
  }

  const ask = <R>(call: Call, target: Target, details: Details<R>): Promise<R> => track(send([call], target, details));

  const single = createBatcher(
    (calls) =>
      send(
        calls.map(({ call }) => call),
        "POST batch",
        {
          body(start) {
            const lines = calls.map(({ line, expiresAt }) => (expiresAt ? [...line, left(expiresAt, start)] : line));
            return frame(
              { calls: lines },
              calls.flatMap(({ values }) => values),
            );
          },
          isRead: calls.every(({ line: [name] }) => /^(ge|ha)/.test(name)),
          isSafe: calls.every(({ line: [name] }) => /^(.et|has)/.test(name)),
          read: (bytes, start) => readResults(bytes, start, calls.length),
        },
      ),
    track,
  );

  /** Makes a call about one key. */
  function make<R = Entry | undefined>(
    call: Call,
    line: Single["line"],
    expiresAt?: Single["expiresAt"],
    ...values: Uint8Array[]
  ): Promise<R> {
    return single({ call, line, expiresAt, values });
  }

  async function change(key: string, decide: Decision, call: Call): Promise<void> {
    for (let count = 1; count <= tries; count++) {
      const old = await make<Tagged | undefined>(call, ["getTagged", key]);
      const next = decide(old);
      if (next === UNCHANGED || !(next || old)) return;
      const values = next ? [next.value] : [];
      const line = ["swap", key, next ? next.value.length : null, old ? old.tag : null] as const;
      const expiresAt = old && next && next.expiresAt === old.expiresAt ? keep : (next?.expiresAt ?? Infinity);
      if (await make(call, line, expiresAt, ...values)) return;
      await pause(4 * count);
    }
    throw new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less`, { key });
  }

  return {
    ownExpiry: true,
    returnsCopies: true,
    isPersistent: () => true,
    get: (key, call) => make(call, ["get", key]),
    set: async (key, { value, expiresAt }, call) =>
      void (await make(call, ["set", key, value.length], expiresAt, value)),
    delete: (key, call) => make(call, ["delete", key]),
    mutate(key, decide, call) {
      // Those in this process wait for one another rather than fight.
      const turn = Promise.resolve(turns.get(key)).then(() => change(key, decide, call));
      const settled = turn.catch(() => {}).then(() => void (turns.get(key) === settled && turns.delete(key)));
      turns.set(key, settled);
      return turn;
    },
    head: (key, call) => make(call, ["has", key]),
    getMany: (keys, call) => Promise.all(keys.map((key) => make(call, ["get", key]))),
    setMany: (items, call) =>
      ask(call, "POST batch", {
        body: (start) =>
          frame(
            { set: items.map(([key, { value, expiresAt }]) => [key, value.length, left(expiresAt, start)]) },
            items.map(([, { value }]) => value),
          ),
        isSafe: true,
        read() {},
      }),
    deleteMany: (keys, call) => ask(call, "POST batch", { body: () => frame({ delete: keys }), read: readJson }),
    list: (parameters, call) => ask(call, "GET entries", { parameters, read: readPage }),
    clear: (parameters, call) => ask(call, "DELETE entries", { parameters, read() {} }),
    sweep: (call) => ask(call, "POST sweep", { read: readJson }),
    watch: (options, observer, call) =>
      followChanges(
        (after: string | undefined, signal: AbortSignal, accept?: string) =>
          send<any>([{ ...call, signal }], "GET changes", {
            parameters: { ...options, after },
            ...(accept
              ? { accept, read: readJson }
              : {
                  read: (body, _, headers) => ({ body, last: headers.get(lastHeader) }),
                  timeout: Math.min(promptly, timeout),
                }),
          }),
        observer,
        call.signal,
      ),
    close: () => Promise.allSettled([...pending, ...turns.values()]).then(() => {}),
    take: async (key, call) => (await make(call, ["take", key]))?.value,
    increment: (key, by, expiresAt, call) => make(call, ["increment", key, by], expiresAt),
    touch: (key, expiresAt, call) => make(call, ["touch", key], expiresAt),
  };
}

/** How long something has left that is about to be written: ms. What expires meanwhile does so at once. */
function left(expiresAt: number | string, now: number): number | string {
  return typeof expiresAt === "string" ? expiresAt : Math.max(1, expiresAt - now);
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
