import { UNCHANGED, type Backend, type Call, type Decision, type Entry, type Store } from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
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
import { untilAborted } from "../core/untilAborted.ts";
import {
  address,
  frame,
  heartbeat,
  keep,
  readBytes,
  readChanges,
  readEntry,
  readFound,
  readJson,
  readOutcome,
  readPage,
  readProblem,
  writeTerms,
  type Method,
  type Resource,
  type Tagged,
  type Terms,
} from "./wire.ts";

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
  /** How often a call that is safe to repeat is tried at most. @default 4 */
  attempts?: number | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    http: RemoteOptions;
  }
}

type Target = `${Method} ${Resource}`;

/** What a request has besides its target and parameters. */
interface Details<R> extends Pick<Terms, "found"> {
  /** Makes the body anew for each attempt, since a ttl shrinks meanwhile. */
  body?(): Uint8Array | undefined;
  /** When what is written is to expire; if that is when `found` does, the deadline stays as it is. @default never */
  readonly expiresAt?: number | undefined;
  /** Reads the body, as bytes or as the stream that it is, of the answer to a request made at `start`. @default an entry */
  read?(body: any, start: number, headers: Headers, controller: AbortController): R;
  /** Whether it may be sent again when nobody knows what became of it. @default whether it only reads */
  readonly isSafe?: boolean;
}

// Of those who fight for a key one wins each time, so that even a crowd is through by then.
const tries = 64;

/**
 * Returns the store that a handler serves at a URL. A call that gets no answer of a handler (none in time, one cut short, a
 * stranger's) rejects `unavailable`; before that, reads and plain writes are repeated, but nothing that could be applied
 * twice. An atomic call that others keep outrunning rejects `conflict`. Throws `bad-config`.
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
  build: (options) => createStore(remoteBackend(options), options),
};

function remoteBackend(options: RemoteOptions): Backend {
  const { token, timeout = 30_000, attempts = 4 } = options;
  const mount = absolute(options.url).replace(/\/+$/, "");
  const pending = new Set<Promise<unknown>>();
  const turns = new Map<string, Promise<unknown>>();

  function unavailable(got: string, cause?: unknown): StoreError {
    const message = `Store at ${quote(mount)} is unavailable: expected a handler's whole answer, got ${got}`;
    return new StoreError("unavailable", message, { cause });
  }

  /**
   * Sends a request, if it may be more than once. Whatever comes back that is not a handler's whole answer is
   * `unavailable`; that there is no value is `undefined`.
   */
  async function send<R>(
    { signal, now }: Call,
    target: Target,
    parameters: object,
    { body, expiresAt = Infinity, found, read = readEntry as never, isSafe = /^[GH]/.test(target) }: Details<R> = {},
  ): Promise<R> {
    const [method, resource] = target.split(" ") as [Method, Resource];
    const isStream = resource === "changes";
    const controller = new AbortController();

    async function sendOnce(start: number): Promise<R> {
      const response = await (options.fetch ?? fetch)(address(mount, resource, parameters), {
        method,
        headers: {
          ...options.headers,
          ...writeTerms({ token, found, ttl: found?.expiresAt === expiresAt ? keep : left(expiresAt, start) }),
        },
        body: body?.() as Uint8Array<ArrayBuffer> | undefined,
        signal: controller.signal,
        // A redirected POST would become a GET.
        redirect: "manual",
        // Firefox would have a second tab's watch wait in its cache for the end of the first one's.
        ...(isStream && { cache: "no-store" }),
      });
      const outcome = readOutcome(response);
      const isGood = outcome === "ok";
      const content = isGood && isStream ? response.body : await readBytes(response, method);
      if (isGood) return read(content, start, response.headers, controller);
      if (outcome === "not-found") return undefined as R;
      throw outcome ? readProblem(outcome, content as Uint8Array) : unavailable(`status ${response.status}`);
    }

    async function sendOften(): Promise<R> {
      for (let count = 1; ; count++) {
        controller.signal.throwIfAborted();
        try {
          return await sendOnce(now());
        } catch (cause) {
          const error = isStoreError(cause) ? cause : unavailable("none", cause);
          if (!isSafe || count >= attempts || error.code !== "unavailable") throw error;
        }
        await pause(50 * 2 ** count);
      }
    }

    const abort = (): void => controller.abort(signal!.reason);
    const late = (): void => controller.abort(unavailable(`none within ${timeout} ms`));
    // A longer delay would make setTimeout fire at once.
    const timer = setTimeout(late, Math.min(timeout, 2 ** 31 - 1));
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      return await untilAborted(sendOften(), controller.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  const ask: typeof send = (...request) => {
    const asked = send(...request);
    const forget = (): unknown => pending.delete(asked);
    pending.add(asked);
    asked.then(forget, forget);
    return asked;
  };

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
    get: (key, call) => ask<Entry | undefined>(call, "GET entry", { key }),
    set: (key, { value, expiresAt }, call) =>
      ask(call, "PUT entry", { key }, { body: () => value, expiresAt, isSafe: true }),
    delete: async (key, call) => !!(await ask(call, "DELETE entry", { key })),
    mutate(key, decide, call) {
      // Those in this process wait for one another rather than fight.
      const turn = Promise.resolve(turns.get(key)).then(() => change(key, decide, call));
      const settled = turn.catch(() => {}).then(() => void (turns.get(key) === settled && turns.delete(key)));
      turns.set(key, settled);
      return turn;
    },
    head: (key, call) => ask<Entry | undefined>(call, "HEAD entry", { key }),
    getMany: (keys, call) =>
      ask(call, "POST batch", {}, { body: () => frame({ find: keys }), read: readFound, isSafe: true }),
    setMany: (items, call) =>
      ask(
        call,
        "POST batch",
        {},
        {
          body: () =>
            frame(
              { set: items.map(([key, { value, expiresAt }]) => [key, value.length, left(expiresAt, call.now())]) },
              items.map(([, { value }]) => value),
            ),
          isSafe: true,
        },
      ),
    deleteMany: (keys, call) => ask(call, "POST batch", {}, { body: () => frame({ delete: keys }), read: readJson }),
    list: (options, call) => ask(call, "GET entries", options, { read: readPage }),
    clear: (options, call) => ask(call, "DELETE entries", options),
    sweep: (call) => ask(call, "POST sweep", {}, { read: readJson }),
    watch: (options, observer, call) =>
      send(call, "GET changes", options, {
        read(stream: ReadableStream<BufferSource>, _, __, controller) {
          const body = stream.pipeThrough(new TextDecoderStream()).getReader();
          const abort = (): void => controller.abort();
          const follow = async (): Promise<void> => {
            for (let text = ""; ;) {
              controller.signal.throwIfAborted();
              const timer = setTimeout(abort, 3 * heartbeat);
              const part = untilAborted(body.read(), controller.signal) as ReturnType<typeof body.read>;
              const { value } = await part.finally(() => clearTimeout(timer));
              if (!value) return;
              text = readChanges(text + value, (change) => observer.changed(change));
            }
          };
          const end = (cause?: unknown): void => {
            abort();
            // Where there is no connection to abort, the handler sees this.
            body.cancel().catch(() => {});
            observer.failed(unavailable("one that broke off", cause));
          };
          follow().then(end, end);
          return abort;
        },
      }),
    close: () => Promise.allSettled([...pending, ...turns.values()]).then(() => {}),
    take: async (key, call) => (await ask<Entry | undefined>(call, "POST take", { key }))?.value,
    increment: (key, by, expiresAt, call) => ask(call, "POST increment", { key, by }, { expiresAt, read: readJson }),
    touch: async (key, expiresAt, call) => !!(await ask(call, "POST touch", { key }, { expiresAt })),
  };
}

/** How long something has left that is about to be written: ms. What expires meanwhile does so at once. */
function left(expiresAt: number, now: number): number {
  return Math.max(1, expiresAt - now);
}

/** Waits about so long, so that those who failed together do not come back together. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())));
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
