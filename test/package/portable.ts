// A program that knows only a part of the platform, or nothing. It is compiled, not run.
import { createStore, isStoreError, json, memory, open, type Backend, type Store } from "shelflife";
import { betterAuth } from "shelflife/adapters/betterauth";
import { idb } from "shelflife/adapters/idb";
import { fromKeyv, keyv, keyv5 } from "shelflife/adapters/keyv";
import { level } from "shelflife/adapters/level";
import { cacheApi, type CacheLike } from "shelflife/adapters/cacheApi";
import { cloudflareKv, type KvNamespaceLike } from "shelflife/adapters/cloudflareKv";
import { denoKv, type DenoKvLike } from "shelflife/adapters/denoKv";
import { localforage, localforageDriver } from "shelflife/adapters/localforage";
import { fastifyRateLimit, ratelimit } from "shelflife/adapters/ratelimit";
import { session, sessionStore } from "shelflife/adapters/session";
import { fromStrings, strings } from "shelflife/adapters/strings";
import mount, { fromUnstorage, unstorage } from "shelflife/adapters/unstorage";
import { remote } from "shelflife/backends/http";
import { indexeddb } from "shelflife/backends/indexeddb";
import { localstorage } from "shelflife/backends/localstorage";
import { s3 } from "shelflife/backends/s3";
import { sqlite } from "shelflife/backends/sqlite";
import { valkey } from "shelflife/backends/valkey";
import { handler } from "shelflife/http/handler";
import { openapi } from "shelflife/http/openapi";
import * as server from "shelflife/server";
import { compress } from "shelflife/service/compress";
import { health } from "shelflife/service/health";
import { limitRate } from "shelflife/service/limits";
import { listen } from "shelflife/service/listen";
import { logRequests } from "shelflife/service/log";
import { createMetrics } from "shelflife/service/metrics";
import { tokens } from "shelflife/service/tokens";
import { cases } from "shelflife/testing";

export async function counted(): Promise<number> {
  const store: Store = await open({ backend: "memory", parameters: { maxEntries: 1 } });
  const values = json<{ n: number }>(store);
  const { n } = await values.update("a", (current) => ({ n: (current?.n ?? 0) + 1 }));
  await store.set("b", Uint8Array.of(1), { ttl: 1000 });
  const error: unknown = await store.get("c").catch((reason: unknown) => reason);
  return isStoreError(error, "not-found") ? n : (await store.get("b")).length;
}

const own: Backend = { get: () => undefined, set() {}, delete: () => false, isPersistent: () => false };
export const stores: Store[] = [createStore(own), memory(), indexeddb(), localstorage(), sqlite({ path: "a" })];
export const over = { fromKeyv, fromStrings, fromUnstorage, idb };
export const rest = { localforage, remote, s3, valkey, handler, openapi, server, cases };
const none = memory();
export const adapters = [
  betterAuth(none),
  keyv(none),
  keyv5(none),
  ratelimit(none),
  fastifyRateLimit(none),
  strings(none),
];
export const more = [
  session(none),
  sessionStore(Object, none),
  unstorage(none),
  mount({ backend: "memory" }),
  localforageDriver(() => none),
  level(none, { AbstractLevel: Object, AbstractIterator: Object }),
];
export const media = [cacheApi({} as CacheLike), cloudflareKv({} as KvNamespaceLike), denoKv({} as DenoKvLike)];
export const service = { compress, health, limitRate, listen, logRequests, createMetrics, tokens };
