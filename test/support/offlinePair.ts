import assert from "node:assert/strict";
import type { Store } from "../../src/core/contract.ts";
import { handler, type HandlerOptions } from "../../src/http/handler.ts";
import { isStoreError, memory, remote, type RemoteOptions, type StoreErrorCode } from "../../src/index.ts";
import { offline, type OfflineOptions, type OfflineStore } from "../../src/offline.ts";
import { text } from "./bytes.ts";

/** A server that can be out of reach, and clients that are offline stores before it. */
export interface Pair {
  /** What the server serves. */
  readonly server: Store;
  /** Whether the server can be reached, and what answers in its place if not. @default nobody */
  network: "up" | "down" | ((request: Request) => Promise<Response>);
  /** The requests that the server answered, as "POST batch", and the bodies of its batches. */
  readonly requests: string[];
  /** Answers as the server does, whatever the network. */
  answer(request: Request): Promise<Response>;
  readonly bodies: string[];
  /** Takes the network away, and has clients find that out: what they write from then on is not on its way. */
  cut(...clients: readonly OfflineStore[]): Promise<void>;
  /** Restarts the server: what it keeps in its process is gone. */
  restart(options?: HandlerOptions): void;
  /** Makes a client, on a local store of its own unless one is given, which stays open when the client closes. */
  client(options?: OfflineOptions & { local?: Store; remote?: Partial<RemoteOptions> }): OfflineStore;
  close(): Promise<void>;
}

/** Reads a text. */
export async function read(store: Store, key: string): Promise<string | undefined> {
  return text(await store.find(key));
}

/** Fails unless work rejects with an error of a code. */
export async function rejects(work: Promise<unknown>, code: StoreErrorCode): Promise<void> {
  await assert.rejects(work, (error) => isStoreError(error, code));
}

/** Returns a store that stays open when one who uses it closes it. */
export function kept(store: Store): Store {
  return { ...store, close: async () => {} };
}

export function offlinePair(options: HandlerOptions = {}): Pair {
  const server = memory(options.now ? { now: options.now } : {});
  let answer = handler(server, options);
  const clients: OfflineStore[] = [];
  const pair: Pair = {
    server,
    network: "up",
    requests: [],
    bodies: [],
    answer: (request) => answer(request),
    async cut(...some) {
      pair.network = "down";
      for (const client of some) await rejects(client.sync(), "unavailable");
    },
    restart(changed = options) {
      answer = handler(server, changed);
    },
    client({ local = memory(options.now ? { now: options.now } : {}), remote: more, ...rest } = {}) {
      const far = remote({
        url: "http://pair.test/store",
        attempts: 1,
        async fetch(url, init) {
          const { network } = pair;
          if (network === "down") throw new TypeError("Network is down");
          const request = new Request(url, init);
          if (network !== "up") return network(request);
          pair.requests.push(`${request.method} ${new URL(url).pathname.slice(7)}`);
          if (url.endsWith("/batch")) pair.bodies.push(await request.clone().text());
          return answer(request);
        },
        ...more,
      });
      const client = offline(kept(local), far, { ...(options.now && { now: options.now }), ...rest });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
  return pair;
}
