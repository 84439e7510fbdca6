import { session } from "../../src/adapters/session.ts";
import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { load } from "./load.ts";

// Stand-ins for what the test of connect-redis imports: its own store, and a server of Redis.

const { Store: Base } = await load("express-session").then((module) => module.default);

export const port = 0;
export async function connect(): Promise<void> {}
export async function disconnect(): Promise<void> {}

/** A client of Redis as far as the test looks at one: a store, and how long its keys live. */
export function createClient(): object {
  const store = memory();
  return {
    store,
    connect: async () => {},
    destroy() {},
    async ttl(key: string) {
      return Math.ceil(((await store.entry(key))!.expiresAt - Date.now()) / 1000);
    },
  };
}

/** A session store with the options of connect-redis, which that test looks at first. */
export class RedisStore extends Base {
  prefix = "sess:";
  ttl = 86_400;
  scanCount = 100;
  serializer = JSON;
  disableTouch = false;
  disableTTL = false;

  constructor(options: { client: { store: Store } }) {
    super();
    Object.assign(this, options, session(options.client.store));
  }
}
