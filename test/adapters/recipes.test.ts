// What users write to have each library keep its values in a store: a recipe is what stands between the lines of a test's own.
import { expect, test } from "vitest";
import { strings } from "../../src/adapters/strings.ts";
import { memory } from "../../src/backends/memory.ts";
import { count } from "../../src/over/count.ts";
import { json } from "../../src/views/json.ts";
import { load } from "../peers/load.ts";
import { until } from "../support/until.ts";

test("zustand", async () => {
  const [{ createStore }, { createJSONStorage, persist }] = await Promise.all(
    ["zustand/vanilla", "zustand/middleware"].map(load),
  );
  const store = memory();
  const open = (): any =>
    createStore(
      persist((set: any) => ({ count: 0, add: () => set((state: any) => ({ count: state.count + 1 })) }), {
        name: "counter",
        storage: createJSONStorage(() => strings(store, { prefix: "zustand/" })),
      }),
    );
  const first = open();
  first.getState().add();
  await until(async () => (await strings(store, { prefix: "zustand/" }).getItem("counter"))?.includes('"count":1'));
  const second = open();
  await second.persist.rehydrate();
  expect(second.getState().count).toBe(1);
});

test("TanStack Query, one persisted client", async () => {
  const [{ QueryClient }, { createAsyncStoragePersister }, { persistQueryClientSave, persistQueryClientRestore }] =
    await Promise.all(
      ["@tanstack/query-core", "@tanstack/query-async-storage-persister", "@tanstack/query-persist-client-core"].map(
        load,
      ),
    );
  const store = memory();
  const persister = createAsyncStoragePersister({ storage: strings(store, { ttl: 86_400_000 }), throttleTime: 0 });
  const first = new QueryClient();
  first.setQueryData(["user"], { name: "Ada" });
  await persistQueryClientSave({ queryClient: first, persister });
  await until(async () => (await strings(store).getAllKeys()).length);
  const second = new QueryClient();
  await persistQueryClientRestore({ queryClient: second, persister });
  expect(second.getQueryData(["user"])).toEqual({ name: "Ada" });
  for (const client of [first, second]) client.clear();
});

test("TanStack Query, each query by itself, long keys too, with its garbage collection", async () => {
  const [{ QueryClient }, { experimental_createQueryPersister }] = await Promise.all(
    ["@tanstack/query-core", "@tanstack/query-persist-client-core"].map(load),
  );
  const store = memory();
  const storage = strings(store, { ttl: 86_400_000 });
  const long = "l".repeat(2000);
  const open = (buster: string): any => experimental_createQueryPersister({ storage, buster });
  const ask = async (persister: any, load: () => Promise<string>): Promise<unknown> => {
    const client = new QueryClient({
      defaultOptions: { queries: { persister: persister.persisterFn, staleTime: Infinity } },
    });
    const found = await client.fetchQuery({ queryKey: ["page", long], queryFn: load });
    await until(async () => (await storage.getAllKeys()).length);
    client.clear();
    return found;
  };
  const persister = open("1");
  expect(await ask(persister, async () => "loaded")).toBe("loaded");
  expect(await ask(persister, async () => "loaded again")).toBe("loaded");
  await persister.persisterGc();
  expect((await storage.getAllKeys()).length).toBe(1);
  await open("2").persisterGc();
  expect(await storage.getAllKeys()).toEqual([]);
});

test("redux-persist", async () => {
  const [{ createStore }, { persistReducer, persistStore }] = await Promise.all(["redux", "redux-persist"].map(load));
  const storage = strings(memory());
  const reducer = (state = { count: 0 }, { type }: { type: string }): object =>
    type === "add" ? { count: state.count + 1 } : state;
  const open = async (): Promise<any> => {
    const store = createStore(persistReducer({ key: "root", storage }, reducer));
    const persistor = persistStore(store);
    await until(() => persistor.getState().bootstrapped);
    return { store, persistor };
  };
  const first = await open();
  first.store.dispatch({ type: "add" });
  await first.persistor.flush();
  expect((await open()).store.getState().count).toBe(1);
});

test("jotai", async () => {
  const [{ createStore }, { atomWithStorage, createJSONStorage }] = await Promise.all(
    ["jotai/vanilla", "jotai/vanilla/utils"].map(load),
  );
  const items = strings(memory());
  const storage = createJSONStorage(() => items);
  const theme = atomWithStorage("theme", "light", storage, { getOnInit: true });
  await createStore().set(theme, "dark");
  expect(await storage.getItem("theme", "light")).toBe("dark");
  expect(await createStore().get(atomWithStorage("theme", "light", storage, { getOnInit: true }))).toBe("dark");
});

test("Apollo's cache", async () => {
  const { CachePersistor } = await load("apollo3-cache-persist");
  const storage = strings(memory());
  const open = (data: unknown): any => {
    const cache = { data, extract: () => cache.data, restore: (data: unknown) => (cache.data = data) };
    return { cache, persistor: new CachePersistor({ cache, storage }) };
  };
  await open({ ROOT_QUERY: { user: "ada" } }).persistor.persist();
  const { cache, persistor } = open({});
  await persistor.restore();
  expect(cache.data).toEqual({ ROOT_QUERY: { user: "ada" } });
});

test("supabase", async () => {
  const { GoTrueClient } = await load("@supabase/auth-js");
  const storage = strings(memory(), { prefix: "supabase/" });
  const session = {
    access_token: `${btoa('{"alg":"none"}')}.${btoa('{"exp":4102444800,"sub":"1"}')}.x`,
    refresh_token: "r",
    token_type: "bearer",
    expires_in: 3600,
    expires_at: 4_102_444_800,
    user: { id: "1", email: "ada@example.com" },
  };
  await storage.setItem("auth", JSON.stringify(session));
  const client = new GoTrueClient({
    url: "http://127.0.0.1:1",
    storageKey: "auth",
    storage,
    autoRefreshToken: false,
    persistSession: true,
  });
  expect((await client.getSession()).data.session.user.email).toBe("ada@example.com");
});

test("React Router's sessions", async () => {
  const { createSessionStorage } = await load("react-router");
  const sessions = json<any>(memory(), { prefix: "session/" });
  const lifetime = (expires?: Date): { expiresAt?: number } => (expires ? { expiresAt: +expires } : {});
  const { getSession, commitSession, destroySession } = createSessionStorage({
    cookie: { name: "id", secrets: ["secret"], maxAge: 3600 },
    async createData(data: any, expires?: Date) {
      const id = crypto.randomUUID();
      await sessions.set(id, data, lifetime(expires));
      return id;
    },
    readData: async (id: string) => (await sessions.find(id)) ?? null,
    updateData: (id: string, data: any, expires?: Date) => sessions.set(id, data, lifetime(expires)),
    deleteData: async (id: string) => void (await sessions.deleteMany([id])),
  });
  const session = await getSession();
  session.set("user", "ada");
  const cookie = (await commitSession(session)).split(";")[0];
  expect((await getSession(cookie)).get("user")).toBe("ada");
  await destroySession(await getSession(cookie));
  expect((await getSession(cookie)).get("user")).toBeUndefined();
});

test("hono-sessions", async () => {
  const [{ Hono }, { sessionMiddleware }] = await Promise.all(["hono", "hono-sessions"].map(load));
  const sessions = json<any>(memory(), { prefix: "session/" });
  const write = (id: string, data: any): Promise<void> => sessions.set(id, data, { ttl: 3_600_000 });
  const store = {
    getSessionById: async (id?: string) => (id && (await sessions.find(id))) || null,
    createSession: write,
    persistSessionData: write,
    deleteSession: async (id: string) => void (await sessions.deleteMany([id])),
  };
  const app = new Hono();
  app.use(
    "*",
    sessionMiddleware({ store, encryptionKey: "k".repeat(32), expireAfterSeconds: 3600, cookieOptions: { path: "/" } }),
  );
  app.get("/", async (context: any) => {
    const session = context.get("session");
    session.set("visits", (session.get("visits") ?? 0) + 1);
    return context.text(`${session.get("visits")}`);
  });
  const first = await app.request("/");
  const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
  expect([await first.text(), await (await app.request("/", { headers: { cookie } })).text()]).toEqual(["1", "2"]);
});

test("@hono/session", async () => {
  const [{ Hono }, { useSession }] = await Promise.all(["hono", "@hono/session"].map(load));
  const sessions = json<any>(memory(), { prefix: "session/" });
  const app = new Hono();
  app.use("*", async (context: any, next: () => Promise<void>) => {
    // It waits for no write, so that an answer has to.
    const writes: Promise<unknown>[] = [];
    context.set("sessionStorage", {
      get: async (id: string) => (await sessions.find(id)) ?? null,
      set: (id: string, data: any) => void writes.push(sessions.set(id, data, { ttl: 3_600_000 })),
      delete: (id: string) => void writes.push(sessions.deleteMany([id])),
    });
    await next();
    await Promise.all(writes);
  });
  app.use("*", useSession({ secret: "k".repeat(32) }));
  app.get("/", async (context: any) => {
    const { session } = context.var;
    const visits = ((await session.get())?.visits ?? 0) + 1;
    await session.update({ visits });
    return context.text(`${visits}`);
  });
  const first = await app.request("/");
  const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
  expect([await first.text(), await (await app.request("/", { headers: { cookie } })).text()]).toEqual(["1", "2"]);
  expect(await count(sessions)).toBe(1);
});

test("Pinia", async () => {
  const [{ createPinia, defineStore }, { createApp, nextTick, shallowRef }] = await Promise.all(
    ["pinia", "vue"].map(load),
  );
  const values = json<any>(memory(), { prefix: "pinia/" });
  // A store begins with its own state, and has what was saved once `loaded` resolves.
  const saved = ({ store }: any): object => {
    const loaded = values.find(store.$id).then((state) => {
      if (state) store.$patch(state);
      store.$subscribe(() => void values.set(store.$id, store.$state));
    });
    return { loaded: shallowRef(loaded) };
  };
  const useCart = defineStore("cart", { state: () => ({ items: [] as string[] }) });
  const open = async (): Promise<any> => {
    const pinia = createPinia().use(saved);
    createApp({}).use(pinia);
    const cart = useCart(pinia);
    await cart.loaded;
    return cart;
  };
  const cart = await open();
  cart.items.push("tea");
  await nextTick();
  await values.flush();
  expect((await open()).items).toEqual(["tea"]);
});

test("LangChain", async () => {
  const { BaseStore } = await load("@langchain/core/stores");
  const values = memory();
  class Store extends BaseStore {
    lc_namespace = ["shelflife"];
    mget = (keys: string[]): Promise<any> => values.findMany(keys);
    mset = (items: [string, Uint8Array][]): Promise<void> => values.setMany(items);
    mdelete = async (keys: string[]): Promise<void> => void (await values.deleteMany(keys));
    yieldKeys = (prefix?: string): AsyncIterable<string> => values.keys({ prefix });
  }
  const store: any = new Store();
  await store.mset([
    ["doc/1", Uint8Array.of(1)],
    ["doc/2", Uint8Array.of(2)],
    ["other", Uint8Array.of(3)],
  ]);
  await store.mdelete(["doc/2", "none"]);
  expect(await store.mget(["doc/1", "doc/2"])).toEqual([Uint8Array.of(1), undefined]);
  const keys = [];
  for await (const key of store.yieldKeys("doc/")) keys.push(key);
  expect(keys).toEqual(["doc/1"]);
});
