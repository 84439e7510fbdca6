import type { Store } from "../../src/core/contract.ts";
import { memory } from "../../src/backends/memory.ts";
import { handler, type HandlerOptions } from "../../src/http/handler.ts";
import { remote, type RemoteOptions } from "../../src/http/remote.ts";
import { conforms } from "./conforms.ts";
import { createClock, type Clock } from "../../src/testing/clock.ts";

export type Send = (request: Request) => Promise<Response>;

/** A store, the handler that serves it, and a remote that talks to the handler without a socket. */
export interface Pair {
  readonly clock: Clock;
  readonly store: Store;
  readonly far: Store;
  /** Sends a request to the handler, at a path below the mount. */
  ask(method: string, path: string, init?: RequestInit): Promise<Response>;
  /** The requests that the remote has sent, as "METHOD resource". */
  readonly sent: string[];
}

export const mount = "http://store.test/some/where";

/** Makes a pair. `between` stands between its ends and may answer itself. */
export function pair(
  options: {
    handler?: HandlerOptions;
    remote?: Partial<RemoteOptions>;
    store?: Store;
    between?: (request: Request, send: Send) => Promise<Response>;
  } = {},
): Pair {
  const clock = createClock();
  const { now } = clock;
  const store = options.store ?? memory({ now });
  const answer = handler(store, { now, ...options.handler });
  const serve: Send = async (request) => {
    const response = await answer(request);
    // Whatever a test is about, the document of the wire has it.
    conforms(request, response);
    return response;
  };
  const sent: string[] = [];
  const far = remote({
    url: mount,
    now,
    fetch: (url, init) => {
      const request = new Request(url, init);
      sent.push(`${request.method} ${new URL(url).pathname.split("/").at(-1)}`);
      return options.between ? options.between(request, serve) : serve(request);
    },
    ...options.remote,
  });
  return {
    clock,
    store,
    far,
    sent,
    ask: (method, path, init) => serve(new Request(`${mount}/${path}`, { method, ...init })),
  };
}

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);
