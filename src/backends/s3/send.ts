import type { Call } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import { pause } from "../../core/pause.ts";
import { longestDelay } from "../../core/timers.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import { createAddress } from "./address.ts";
import type { Credentials } from "./credentials.ts";
import { hash } from "./object.ts";
import type { S3Options } from "./options.ts";
import { problem, readProblem, type Answer } from "./problem.ts";
import { createSemaphore } from "./semaphore.ts";

/** A request: of an object by its name, or of the bucket. */
export interface Ask<R> {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly name?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Reads a good answer, or returns `undefined` for one that cannot be S3's: then the request is repeated. */
  read(headers: Headers, body: Uint8Array<ArrayBuffer>): R | undefined | Promise<R | undefined>;
  /**
   * Makes it a request with a condition, which is not to be applied twice. Asked before it is repeated: what came of it if it
   * was applied, `undefined` if it was not; rejects if nobody knows.
   */
  isDone?(): Promise<R | undefined>;
}

/** Sends a request. That there is no such object, or that its condition is not met, is `undefined`. */
export type Send = <R>(call: Pick<Call, "signal">, ask: Ask<R>) => Promise<R | undefined>;

// How many requests are under way at once: more would only wait at the server's, or be asked to slow down.
const mostRequests = 32;
const nothing = new Uint8Array();

/** Returns what sends the requests of one store. */
export function createSend(options: S3Options, credentials: Credentials): Send {
  const { timeout = 30_000, attempts = 4 } = options;
  const { region } = credentials;
  const address = createAddress(options, region);
  const whenFree = createSemaphore(mostRequests);
  const derived = new Map<string, ArrayBuffer>();

  /** Makes one try. */
  async function attempt<R>(ask: Ask<R>, method: string, signal: AbortSignal): Promise<Answer<R>> {
    const { name, query, headers, body } = ask;
    const url = address.of(name, query);
    const { AwsV4Signer } = await import("aws4fetch");
    const signer = new AwsV4Signer({
      ...credentials,
      sessionToken: credentials.sessionToken!,
      url,
      method,
      // With the body's own hash the server refuses what did not come as it was sent.
      headers: { ...headers, "x-amz-content-sha256": await hash(body ?? nothing) },
      service: "s3",
      cache: derived,
    });
    const signed = await signer.sign();
    if (body) signed.headers.set("content-type", "application/octet-stream");
    const response = await (options.fetch ?? fetch)(url, {
      method,
      headers: signed.headers,
      body: body ?? null,
      signal,
      // Nobody else is given what was signed for this address.
      redirect: "manual",
    });
    // A fetch of the user's own may not heed the signal.
    if (signal.aborted) void response.body?.cancel().catch(() => {});
    signal.throwIfAborted();
    const content = new Uint8Array(await response.arrayBuffer());
    if (response.status !== (method === "DELETE" ? 204 : 200))
      return readProblem(response, method, content, address, region);
    const value = await ask.read(response.headers, content);
    if (value !== undefined) return { value };
    return { error: problem("unavailable", address, "a whole answer of S3", `another with status ${response.status}`) };
  }

  return async function send<R>(call: Pick<Call, "signal">, ask: Ask<R>): Promise<R | undefined> {
    const controller = new AbortController();
    const { signal } = controller;
    const late = (): void =>
      controller.abort(problem("unavailable", address, "a whole answer of S3", `none within ${timeout} ms`));
    let end: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;

    /** Begins to count when the request's turn has come: those before it may be many. */
    function begin(): void {
      signal.throwIfAborted();
      if (timer !== undefined) return;
      end = Date.now() + timeout;
      timer = setTimeout(late, Math.min(timeout, longestDelay));
    }

    async function tryOnce(method: string): Promise<Answer<R>> {
      try {
        return await whenFree(() => {
          begin();
          return attempt(ask, method, signal);
        });
      } catch (cause) {
        signal.throwIfAborted();
        if (isStoreError(cause)) return { error: cause };
        return { error: problem("unavailable", address, "a whole answer of S3", "none", cause) };
      }
    }

    async function sendOften(): Promise<R | undefined> {
      for (let count = 1; ; count++) {
        let answer = await tryOnce(ask.method);
        // That there is none may be said of the object, or of the bucket.
        if (answer.isVague) answer = await tryOnce("GET");
        const { error, isMiss, value, wait = 0 } = answer;
        if (!error) return value;
        const isRefused = isMiss || error.code === "conflict";
        // The condition of a repeated request may be broken by what came late of the one before.
        if (ask.isDone && isRefused) return count > 1 ? ask.isDone() : undefined;
        if (isMiss) return undefined;
        const isOpen = isRefused || error.code === "unavailable";
        if (!isOpen || count >= attempts || wait > end! - Date.now()) throw error;
        await pause(Math.min(50 * 2 ** count, 5000), wait);
        signal.throwIfAborted();
        const done = await ask.isDone?.();
        if (done !== undefined) return done;
      }
    }

    const abort = (): void => controller.abort(call.signal!.reason);
    call.signal?.addEventListener("abort", abort);
    try {
      call.signal?.throwIfAborted();
      return await untilAborted(sendOften(), signal);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", abort);
    }
  };
}
