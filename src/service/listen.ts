import { check, StoreError } from "../core/error.ts";
import { expose, isLoopback } from "../core/expose.ts";
import { callable, checkOptions, milliseconds, nonEmptyString, positiveInteger } from "../core/options.ts";
import { letExit, longestDelay } from "../core/timers.ts";
import { isEventStream, type Answer } from "../http/server/answer.ts";
import { refusal, refuse } from "../http/server/refusal.ts";
import { tap } from "../http/server/tap.ts";
import { createHostCheck, hostNames } from "./listen/hosts.ts";
import { startBun, startDeno } from "./listen/native.ts";
import { startNode } from "./listen/node.ts";
import type { ListenOptions, Settings, Started } from "./listen/settings.ts";

export type { ListenOptions, Settings, Started };

/** A server that listens. */
export interface Listening {
  /** Such as "http://127.0.0.1:8080/". */
  readonly url: string;
  /**
   * Takes no more requests, ends the streams of events, lets what has begun finish for as long as `grace` (10 s), and then
   * closes all connections. Resolves when there are none. Idempotent.
   */
  close(options?: { grace?: number | undefined }): Promise<void>;
}

/**
 * Listens with what the runtime brings: node:http, Deno.serve or Bun.serve. Node's limits are the most complete; before
 * the other two put a proxy where strangers come. Rejects `bad-config`, and `unavailable` where it cannot listen.
 *
 * @example Serves a store on a free port of this machine.
 * ```ts
 * import { memory, remote } from "shelflife";
 * import { handler } from "shelflife/http/handler";
 * import { listen } from "shelflife/service/listen";
 *
 * const server = await listen({ answer: handler(memory(), { base: "/store" }), port: 0 });
 * const store = remote({ url: `${server.url}store` });
 * console.log(await store.increment("visits")); // 1
 * await store.close();
 * await server.close();
 * ```
 */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { onError, hosts, ...given } = checkOptions<ListenOptions>("listen", options, {
    answer: { ...callable, required: true },
    host: nonEmptyString,
    hosts: hostNames,
    port: { expected: "a number from 0 to 65535", test: isPort },
    headerTimeout: milliseconds,
    requestTimeout: milliseconds,
    idleTimeout: milliseconds,
    maxConnections: positiveInteger,
    maxHeaderBytes: positiveInteger,
    tls: { expected: "an object with key and cert in PEM", secret: true, test: isTls },
    onError: callable,
  });
  const isExposed = !isLoopback(given.host ?? "127.0.0.1");
  const { answer, end } = createGate(given.answer, isExposed, createHostCheck(hosts, isExposed), onError);
  const settings: Settings = {
    host: "127.0.0.1",
    port: 0,
    headerTimeout: 10_000,
    requestTimeout: 120_000,
    idleTimeout: 120_000,
    maxConnections: 10_000,
    maxHeaderBytes: 16_384,
    tls: undefined,
    ...defined(given),
    answer,
  };
  const { host, port, tls } = settings;
  const server = await start(settings).catch((cause: unknown) => {
    const reason = (cause as { code?: string }).code ?? (cause as Error).message;
    const message = `Cannot listen on ${host}, port ${port}: expected a free one of this machine, got ${reason}`;
    throw new StoreError("unavailable", message, { cause });
  });
  let closing: Promise<void> | undefined;

  async function close(grace: number): Promise<void> {
    const isSpan = typeof grace === "number" && grace >= 0;
    check(isSpan, "grace", "a number of ms", grace);
    return (closing ??= stop(grace));
  }

  async function stop(grace: number): Promise<void> {
    const stopped = server.stop();
    end();
    const timer = setTimeout(() => server.force(), Math.min(grace, longestDelay));
    letExit(timer);
    await stopped;
    clearTimeout(timer);
  }

  return {
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${server.port}/`,
    close: (given) => close(given?.grace ?? 10_000),
  };
}

function start(settings: Settings): Promise<Started> {
  const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown };
  if (Deno) return startDeno(Deno, settings);
  return Bun ? startBun(Bun, settings) : startNode(settings);
}

/**
 * Wraps what answers so that it can be ended: from then on it refuses, and its streams of events are over. What asks for another
 * host is refused, and what comes from other machines is marked.
 */
function createGate(
  answer: Answer,
  isExposed: boolean,
  isForUs: (request: Request) => boolean,
  onError: ListenOptions["onError"],
): { answer: Answer; end(): void } {
  const stops = new Set<() => void>();
  let isOver = false;
  return {
    async answer(request) {
      if (isOver) {
        const headers = { "retry-after": "1", connection: "close" };
        return refuse(
          request,
          new StoreError("unavailable", "Server is closing: expected another in its place"),
          headers,
        );
      }
      if (!isForUs(request)) {
        const expected = 'expected localhost, a loopback address or one of "hosts"';
        return refuse(request, refusal("host", `Request is for another host: ${expected}`));
      }
      if (isExposed) expose(request);
      try {
        const given = await answer(request);
        if (!isEventStream(given)) return given;
        const [response, stop] = tap(given, { ended: () => stops.delete(stop) });
        stops.add(stop);
        if (isOver) stop();
        return response;
      } catch (error) {
        onError?.(error);
        return refuse(request, refusal("internal", "Server failed: expected an answer"));
      }
    },
    end() {
      isOver = true;
      for (const stop of stops) stop();
    },
  };
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536;
}

function isTls(value: unknown): boolean {
  const { key, cert } = (value ?? {}) as { key?: unknown; cert?: unknown };
  return nonEmptyString.test(key) && nonEmptyString.test(cert);
}
