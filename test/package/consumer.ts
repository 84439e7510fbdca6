// A program of somebody who installed the package. It is compiled, not run.
import {
  createRegistry,
  createStore,
  getFactory,
  isStoreError,
  json,
  memory,
  methods,
  open,
  prefix,
  register,
  StoreError,
  valid,
  type Backend,
  type Change,
  type Entry,
  type Factory,
  type Store,
  type StoreErrorCode,
} from "shelflife";
import { localforage } from "shelflife/adapters/localforage";
import { remote } from "shelflife/backends/http";
import { indexeddb } from "shelflife/backends/indexeddb";
import { localstorage } from "shelflife/backends/localstorage";
import { memory as memoryAlone } from "shelflife/backends/memory";
import { sqlite } from "shelflife/backends/sqlite";
import { handler } from "shelflife/http/handler";
import * as server from "shelflife/server";
import { cases, createClock, proveAll, type Subject } from "shelflife/testing";

interface Session {
  user: string;
  visits: number;
}

export async function bytes(): Promise<Uint8Array | undefined> {
  const store: Store = await open({ backend: "memory", parameters: { maxEntries: 10 } });
  const controller = new AbortController();
  await store.set("a", new Uint8Array(1), { ttl: 1000, signal: controller.signal });
  const entry: Entry | undefined = await store.entry("a");
  const numbers: number = await store.increment("n", 2);
  const flag: boolean = await store.compareAndSet("a", undefined, new TextEncoder().encode(String(numbers)));
  await store.setMany([
    ["k", new Uint8Array()],
    ["l", new Uint8Array(), { ttl: 5 }],
  ]);
  for await (const key of store.keys({ prefix: "a" })) key.toUpperCase();
  for await (const change of store.watch()) {
    const seen: Change = change;
    if (seen.type !== "resync") seen.key.trim();
  }
  const { entries, cursor } = await store.list({ limit: 2 });
  if (flag && cursor && entries[0]?.expiresAt === entry?.expiresAt) await store.close();
  return store.find("a");
}

export async function views(): Promise<Session> {
  const sessions = json<Session>(prefix(memory(), "sessions/"));
  await sessions.set("ada", { user: "ada", visits: 1 }, { ttl: 60_000 });
  const session: Session | undefined = await sessions.find("ada");
  // @ts-expect-error a session has visits
  await sessions.set("ada", { user: "ada" });
  return session ?? sessions.get("ada");
}

const own: Backend = {
  get: () => undefined,
  set() {},
  delete: () => false,
  isPersistent: () => false,
};
const factory: Factory<{ size?: number }> = {
  valid: (parameters) => ({ ...(parameters as { size?: number }) }),
  build: () => createStore(own, { now: () => 0, sweepInterval: 1000 }),
};

declare module "shelflife" {
  interface Backends {
    own: { size?: number };
  }
}

export async function configured(): Promise<string[]> {
  register("own", factory);
  createRegistry({ own: factory }).register("again", factory);
  valid({ backend: "own", parameters: { size: 1 } });
  await open({ backend: "own", parameters: { size: 1 } });
  // @ts-expect-error the size of "own" is a number
  await open({ backend: "own", parameters: { size: "1" } });
  // @ts-expect-error "memory" has no such parameter
  await open({ backend: "memory", parameters: { maxEntry: 1 } });
  await memoryAlone({ maxBytes: 10 }).sweep();
  return [...methods(), typeof getFactory("own").build];
}

export function explain(error: unknown): string {
  if (isStoreError(error, "not-found")) return error.key ?? (error.code satisfies "not-found");
  if (isStoreError(error)) {
    // @ts-expect-error it may be any of them
    error.code satisfies "closed";
    return error.code satisfies StoreErrorCode;
  }
  const made = new StoreError("closed", "Store is closed");
  // @ts-expect-error there is no such code
  return isStoreError(error, "missing") ? "" : made.code;
}

export async function everywhere(instance: Parameters<typeof localforage>[0]): Promise<boolean> {
  const stores: Store[] = [
    indexeddb({ database: "app" }),
    localstorage({ prefix: "app:" }),
    localforage(instance),
    remote({ url: "https://example.org/store", token: "secret" }),
    sqlite({ path: "app.sqlite" }),
    await server.open({ backend: "sqlite", parameters: { path: "app.sqlite" } }),
  ];
  const answer: (request: Request) => Promise<Response> = handler(stores[0]!, { maxBytes: 1000 });
  // @ts-expect-error a path is needed
  sqlite({});
  return (await answer(new Request("https://example.org/store/entry?key=a"))).ok;
}

export async function proven(): Promise<number> {
  const subject: Subject = { name: "own", can: [], open: (_, options) => createStore(own, options) };
  createClock().advance(1000);
  return (await proveAll(cases, subject)).filter(({ error }) => error !== undefined).length;
}
