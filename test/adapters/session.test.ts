// What the test of connect-redis says of a session store, and what Express, Fastify and others do with one.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { session, sessionStore } from "../../src/adapters/session.ts";
import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { load } from "../peers/load.ts";
import { root } from "../architecture/tree.ts";

const [
  { default: express },
  { default: expressSession },
  { default: Fastify },
  { default: fastifyCookie },
  { default: fastifySession },
] = await Promise.all(["express", "express-session", "fastify", "@fastify/cookie", "@fastify/session"].map(load));

const day = 86_400_000;
afterEach(() => void vi.useRealTimers());

// The test lies in the package. It is read, and its imports lead to stand-ins.
const modules = `${root}test/peers/node_modules/`;
const folder = `${root}.data/connect-redis-${process.pid}/`;
const stand = `${root}test/peers/redis.ts`;
const text = await readFile(`${modules}connect-redis/index_test.ts`, "utf8");
const names: Record<string, string> = {
  "./": stand,
  "./testdata/server": stand,
  redis: stand,
  "express-session": `${modules}express-session/index.js`,
};
await mkdir(folder, { recursive: true });
afterAll(() => rm(folder, { recursive: true }));
const lead = (line: string, name: string): string => line.replace(`"${name}"`, `"${names[name] ?? name}"`);
await writeFile(`${folder}index_test.ts`, text.replace(/^import .* from "(.+)"$/gm, lead));
describe("the test of connect-redis", async () => {
  await import(/* @vite-ignore */ `${folder}index_test.ts`);
});

/** Asks an app of Express, and returns how to ask again with the cookie that it set. */
async function serve(
  store: Store,
  cookie: object = {},
): Promise<{ visit: () => Promise<string>; close: () => Promise<void>; headers: Headers[] }> {
  const app = express();
  app.use(
    expressSession({
      secret: "secret",
      resave: false,
      saveUninitialized: false,
      cookie,
      store: sessionStore(expressSession.Store, store),
    }),
  );
  app.get("/", (request: any, response: any) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.send(`${request.session.visits}`);
  });
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  let own = "";
  const headers: Headers[] = [];
  return {
    headers,
    async visit() {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
        headers: { cookie: own },
      });
      headers.push(response.headers);
      own = response.headers.get("set-cookie")?.split(";")[0] ?? own;
      return response.text();
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test("a session of Express goes on, and ends when its cookie does by the store's clock", async () => {
  let now = Date.now();
  const store = memory({ now: () => now });
  const { visit, close } = await serve(store, { maxAge: 60_000 });
  expect([await visit(), await visit()]).toEqual(["1", "2"]);
  const [entry] = (await store.list()).entries;
  expect(entry!.key).toMatch(/^sess:/);
  expect(entry!.expiresAt - now).toBeLessThan(day);
  now += day;
  expect(await visit()).toBe("1");
  await close();
});

test("a failure of the store is an answer of Express's, and not a new session", async () => {
  const store = memory();
  const { visit, close } = await serve(store);
  await visit();
  await store.close();
  expect(await visit()).toMatch(/StoreError/);
  await close();
});

test("a session of Fastify goes on in another server on the same store, until it is destroyed", async () => {
  const store = memory();
  const open = async (): Promise<any> => {
    const app = Fastify();
    await app.register(fastifyCookie);
    await app.register(fastifySession, {
      secret: "s".repeat(32),
      cookie: { secure: false, maxAge: 60_000 },
      store: session(store),
    });
    app.get("/", (request: any, reply: any) => {
      request.session.visits = (request.session.visits ?? 0) + 1;
      reply.send(`${request.session.visits}`);
    });
    app.get("/end", (request: any) => request.session.destroy().then(() => "ended"));
    return app;
  };
  const [first, second] = [await open(), await open()];
  const { headers } = await first.inject("/");
  const cookie = String(headers["set-cookie"]).split(";")[0];
  expect((await second.inject({ url: "/", headers: { cookie } })).body).toBe("2");
  expect(await session(store).length()).toBe(1);
  expect((await second.inject({ url: "/end", headers: { cookie } })).body).toBe("ended");
  expect(await session(store).length()).toBe(0);
  await Promise.all([first.close(), second.close()]);
});

test("touch renews the deadline alone, in one step, and of no session makes none", async () => {
  const store = memory();
  const sessions = session(store);
  const cookie = (ms: number): object => ({ cookie: { expires: new Date(Date.now() + ms).toISOString() } });
  await sessions.set("a", { user: "ada", ...cookie(day) });
  const before = (await store.entry("sess:a"))!;
  await sessions.touch("a", { user: "bob", ...cookie(3 * day) });
  const after = (await store.entry("sess:a"))!;
  expect(after.value).toEqual(before.value);
  expect(after.expiresAt - before.expiresAt).toBeGreaterThanOrEqual(2 * day);
  await sessions.touch("b", cookie(day));
  expect(await sessions.get("b")).toBeUndefined();
  await sessions.touch("a", cookie(-1));
  expect(await sessions.ids()).toEqual([]);
});

test("the deadline is the cookie's, a Date or a text, else its age, else the option", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const store = memory();
  const sessions = session(store, { prefix: "s/", ttl: 5000 });
  const left = async (cookie: unknown): Promise<number> => {
    await sessions.set("a", { cookie });
    return (((await store.entry("s/a"))?.expiresAt ?? Date.now()) - Date.now()) / 1000;
  };
  expect(await left({ expires: new Date(Date.now() + day), originalMaxAge: 1 })).toBe(86_400);
  expect(await left({ expires: new Date(Date.now() + day).toJSON() })).toBe(86_400);
  expect(await left({ expires: null, originalMaxAge: 60_000 })).toBe(60);
  expect(await left({ expires: "never", originalMaxAge: null })).toBe(5);
  // What Express makes of maxAge: false.
  expect(await left({ expires: false, originalMaxAge: false })).toBe(5);
  expect(await left(undefined)).toBe(5);
  expect(await left({ expires: new Date(0) })).toBe(0);
  expect(await store.has("s/a")).toBe(false);
});

test("callbacks get what a promise would: nothing for a miss, failures as errors", async () => {
  const store = memory();
  const sessions = session(store);
  const call = (name: "get" | "set" | "all", ...args: unknown[]): Promise<unknown[]> =>
    new Promise((resolve) => (sessions[name] as any)(...args, (...outcome: unknown[]) => resolve(outcome)));
  expect(await call("get", "none")).toEqual([null, undefined]);
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  expect(await call("set", "a", cycle)).toMatchObject([{ code: "cant-encode", key: "a" }]);
  expect(await call("set", "a", undefined)).toMatchObject([{ code: "cant-encode" }]);
  expect(await call("set", 5, {})).toMatchObject([{ code: "invalid-argument" }]);
  await store.set("sess:damaged", Uint8Array.of(123));
  expect(await call("get", "damaged")).toMatchObject([{ code: "cant-decode" }]);
  expect(await call("all")).toMatchObject([{ code: "cant-decode" }]);
  expect(() => session(memory(), { ttl: 0 })).toThrow("Invalid ttl: expected a number of ms above 0, got 0");
});
