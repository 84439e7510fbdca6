import { StoreError } from "../../core/error.ts";
import { isEventStream } from "../../http/server/answer.ts";
import { refuse } from "../../http/server/refusal.ts";
import type { Settings, Started } from "./settings.ts";

interface DenoRuntime {
  serve(
    options: Record<string, unknown>,
    answer: (request: Request) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
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
  const waiting = new Set<() => void>();
  const answers = new Set<Promise<Response>>();
  let forced: () => void;
  const force = new Promise<void>((resolve) => (forced = resolve));

  /** Answers, at the latest when the server is closed by force: Deno itself would wait for as long as it takes. */
  function answerInTime(request: Request): Promise<Response> {
    const answered = new Promise<Response>((resolve) => {
      const giveUp = (): void =>
        resolve(refuse(request, new StoreError("unavailable", "Server is closed: expected another in its place")));
      waiting.add(giveUp);
      // What answers here never rejects.
      void answer(request).then((response) => {
        waiting.delete(giveUp);
        resolve(response);
      });
    });
    answers.add(answered);
    void answered.then(() => answers.delete(answered));
    return answered;
  }

  async function shutDown(): Promise<void> {
    // From then on Deno gives no more of a body that is still on its way.
    await Promise.all(answers);
    await server.shutdown();
  }

  // It would print its address.
  const server = (deno as DenoRuntime).serve({ hostname: host, port, onListen() {}, ...tls }, answerInTime);
  return {
    port: server.addr.port,
    stop: () => Promise.race([shutDown(), force]),
    force() {
      for (const giveUp of waiting) giveUp();
      forced();
    },
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
