import { isEventStream } from "./_answer.ts";
import type { Settings, Started } from "./listen.ts";

interface DenoRuntime {
  serve(
    options: Record<string, unknown>,
    answer: (request: Request) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void>; shutdown(): Promise<void> };
}

interface BunServer {
  readonly port: number;
  stop(force?: boolean): Promise<void>;
  timeout(request: Request, seconds: number): void;
}

interface BunRuntime {
  serve(options: Record<string, unknown>): BunServer;
}

/** Listens by Deno.serve. */
export async function startDeno(deno: unknown, { answer, host, port, tls }: Settings): Promise<Started> {
  const controller = new AbortController();
  const { signal } = controller;
  // It would print its address.
  const options = { hostname: host, port, signal, onListen() {}, ...tls };
  const server = (deno as DenoRuntime).serve(options, answer);
  return {
    port: server.addr.port,
    stop: async () => {
      await Promise.race([server.shutdown(), server.finished]);
    },
    force: () => controller.abort(),
  };
}

/** Listens by Bun.serve. */
export async function startBun(bun: unknown, settings: Settings): Promise<Started> {
  const { answer, host, port, idleTimeout, tls } = settings;
  let forced: () => void;
  const force = new Promise<void>((resolve) => (forced = resolve));
  const server = (bun as BunRuntime).serve({
    hostname: host,
    port,
    tls,
    idleTimeout: Math.min(255, Math.ceil(idleTimeout / 1000)),
    // What is too large the handler says.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    async fetch(request: Request, own: BunServer) {
      const response = await answer(request);
      if (isEventStream(response)) own.timeout(request, 0);
      return response;
    },
  });
  return {
    port: server.port,
    stop: () => Promise.race([server.stop(), force]),
    force: () => void server.stop(true).then(forced, forced),
  };
}
