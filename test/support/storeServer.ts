import type { Store } from "../../src/core/contract.ts";
import type { StoreOptions } from "../../src/core/options.ts";
import type { Modules } from "./modules.ts";

/** The path under which the server below has its stores, each under the name of its medium. */
export const storesPath = "/stores/";

type Send = (request: Request) => Promise<Response>;
type Options = StoreOptions & { readonly now: () => number };

// What the stores of the server take over from the case that asks for them.
const clockHeader = "x-test-clock";
const sweepHeader = "x-test-sweep-interval";

/** Serves a store in memory for each medium that is asked for, to pages of its own origin and of those listed. */
export function storeServer(
  memory: Modules["index"]["memory"],
  handler: Modules["http/handler"]["handler"],
  cors?: readonly string[],
): (request: Request) => Promise<Response> {
  const media = new Map<string, { time: number; answer: Send }>();
  // An edge worker lets no timer start outside of a request.
  const preflight = handler(memory({ sweepInterval: Infinity }), { cors });

  function open(base: string, sweepInterval: number): { time: number; answer: Send } {
    const now = (): number => medium.time;
    const medium = { time: 0, answer: handler(memory({ now, sweepInterval }), { base, now, cors }) };
    media.set(base, medium);
    return medium;
  }

  return async (request) => {
    const base = new URL(request.url).pathname.split("/", 3).join("/");
    // A browser that asks whether it may sends no time, and it is no request to the store.
    if (request.method === "OPTIONS") return preflight(request);
    const medium = media.get(base) ?? open(base, Number(request.headers.get(sweepHeader)));
    medium.time = Number(request.headers.get(clockHeader));
    return medium.answer(request);
  };
}

/** Opens the remote store of a medium on such a server, whose clock follows the case's. */
export function openRemote(
  remote: Modules["index"]["remote"],
  server: string,
  medium: string,
  options: Options,
  send: Send,
): Store {
  const url = new URL(storesPath + medium, server).href;
  let sentTime = 0;

  function ask(path: string, init?: RequestInit): Promise<Response> {
    const request = new Request(path, init);
    sentTime = options.now();
    request.headers.set(clockHeader, String(sentTime));
    request.headers.set(sweepHeader, String(options.sweepInterval ?? 3_600_000));
    return send(request);
  }

  const store = remote({ ...options, url, fetch: ask });
  // The server has to know of the time too when nobody asks for anything else: it sweeps by itself.
  const follow = setInterval(() => {
    // The answer is that it has to be a POST.
    if (sentTime !== options.now()) ask(`${url}/sweep`).catch(() => {});
  }, 10);
  return {
    ...store,
    close() {
      clearInterval(follow);
      return store.close();
    },
  };
}
