// What express-rate-limit, hono-rate-limiter and @fastify/rate-limit do with their stores.
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { fastifyRateLimit, ratelimit } from "../../src/adapters/ratelimit.ts";
import { memory } from "../../src/backends/memory.ts";
import { encodeText } from "../../src/core/utf8.ts";
import { load } from "../peers/load.ts";

const [
  { default: express },
  { rateLimit },
  { Hono },
  { rateLimiter },
  { default: Fastify },
  { default: fastifyLimit },
] = await Promise.all(
  ["express", "express-rate-limit", "hono", "hono-rate-limiter", "fastify", "@fastify/rate-limit"].map(load),
);

afterEach(() => void vi.useRealTimers());

test("express-rate-limit counts in two servers on one store, and begins again after the window", async () => {
  let now = Date.now();
  const store = memory({ now: () => now });
  const open = async (): Promise<any> => {
    const app = express();
    app.use(rateLimit({ windowMs: 60_000, limit: 3, standardHeaders: "draft-6", store: ratelimit(store) }));
    app.get("/", (_: unknown, response: any) => response.send("ok"));
    const server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return server;
  };
  const servers = [await open(), await open()];
  const ask = async (index: number): Promise<Response> => {
    const response = await fetch(`http://127.0.0.1:${(servers[index].address() as AddressInfo).port}/`);
    await response.text();
    return response;
  };
  const statuses = [];
  for (const index of [0, 1, 0, 1]) statuses.push((await ask(index)).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const last = await ask(0);
  expect(Number(last.headers.get("ratelimit-reset"))).toBeGreaterThan(0);
  expect((await store.list()).entries.map(({ key }) => key)).toEqual(["rl:127.0.0.1"]);
  now += 60_001;
  expect((await ask(1)).status).toBe(200);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

test("hono-rate-limiter answers 429 after its limit", async () => {
  const app = new Hono();
  app.use(
    rateLimiter({ windowMs: 60_000, limit: 2, keyGenerator: () => "k".repeat(3000), store: ratelimit(memory()) }),
  );
  app.get("/", (context: any) => context.text("ok"));
  const statuses = [];
  for (let count = 0; count < 3; count++) statuses.push((await app.request("/")).status);
  expect(statuses).toEqual([200, 200, 429]);
});

test("a hit and the end of its window are one step, and a window never grows", async () => {
  let now = Date.now();
  const store = memory({ now: () => now });
  const limits = ratelimit(store, { prefix: "hits/" });
  limits.init({ windowMs: 1000 });
  const results = await Promise.all(Array.from({ length: 50 }, () => limits.increment("a")));
  expect(results.map(({ totalHits }) => totalHits).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
  expect(new Set(results.map(({ resetTime }) => resetTime!.getTime()))).toEqual(new Set([now + 1000]));
  now += 999;
  expect(await limits.increment("a")).toEqual({ totalHits: 51, resetTime: new Date(now + 1) });
  expect(await limits.get("a")).toEqual({ totalHits: 51, resetTime: new Date(now + 1) });
  now += 1;
  expect(await limits.get("a")).toBeUndefined();
  expect((await limits.increment("a")).totalHits).toBe(1);
});

test("a hit is taken back without a window that never ends, and not below none", async () => {
  const store = memory();
  const limits = ratelimit(store);
  await limits.decrement("a");
  expect(await store.has("rl:a")).toBe(false);
  const { resetTime } = await limits.increment("a");
  await limits.decrement("a");
  await limits.decrement("a");
  expect(await limits.get("a")).toEqual({ totalHits: 0, resetTime });
  await limits.resetKey("a");
  await limits.resetKey("a");
  expect(await limits.get("a")).toBeUndefined();
});

test("all clients are forgotten, and nothing else of the store; shutting down leaves it open", async () => {
  const store = memory();
  const limits = ratelimit(store);
  await store.set("other", Uint8Array.of(1));
  await limits.increment("a");
  await limits.increment("");
  await limits.resetAll();
  limits.shutdown();
  expect((await store.list()).entries.map(({ key }) => key)).toEqual(["other"]);
});

test("a window that is none, and a counter that is none, are refused", async () => {
  const store = memory();
  const limits = ratelimit(store);
  expect(() => limits.init({ windowMs: 0 })).toThrow("Invalid windowMs: expected a number of ms above 0, got 0");
  await store.set("rl:a", encodeText("many"));
  await expect(limits.increment("a")).rejects.toMatchObject({ code: "cant-decode", key: "a" });
  expect(await store.find("rl:a")).toEqual(encodeText("many"));
});

test("@fastify/rate-limit counts routes apart, with its ways to be stricter", async () => {
  let now = Date.now();
  const store = memory({ now: () => now });
  const app = Fastify();
  await app.register(fastifyLimit, { max: 2, timeWindow: 60_000, store: fastifyRateLimit(store) });
  app.get("/", async () => "ok");
  app.get("/own", { config: { rateLimit: { max: 1, timeWindow: 60_000, continueExceeding: true } } }, async () => "ok");
  const ask = async (url: string): Promise<number> => (await app.inject(url)).statusCode;
  expect([await ask("/"), await ask("/"), await ask("/"), await ask("/own"), await ask("/own")]).toEqual([
    200, 200, 429, 200, 429,
  ]);
  now += 59_000;
  expect(await ask("/own")).toBe(429); // which begins the window again
  now += 2000;
  expect([await ask("/"), await ask("/own")]).toEqual([200, 429]);
  await app.close();
});

test("a window without end has no time when it ends", async () => {
  const limits = ratelimit(memory());
  limits.init({ windowMs: Infinity });
  expect(await limits.increment("a")).toEqual({ totalHits: 1, resetTime: undefined });
  expect(await limits.get("a")).toEqual({ totalHits: 1, resetTime: undefined });
});

test("Fastify's keys may be numbers", async () => {
  const limits = new (fastifyRateLimit(memory()))({});
  for (const [key, current] of [
    [7, 1],
    ["7", 2],
  ] as const)
    expect(await new Promise((resolve) => limits.incr(key, (_, hits) => resolve(hits?.current), 1000))).toBe(current);
});

test("a client of the whole is none of a route, whatever its name", async () => {
  const store = memory();
  const whole = new (fastifyRateLimit(store))({});
  const route = whole.child({ routeInfo: { method: "GET", url: "/a" } });
  const count = (limits: typeof whole, key: string): Promise<number> =>
    new Promise((resolve) => limits.incr(key, (_, result) => resolve(result!.current), 1000));
  expect(await count(route, "1")).toBe(1);
  expect(await count(whole, '["GET","/a"]1')).toBe(1);
  expect(await count(whole, "1")).toBe(1);
  expect(await count(route, "1")).toBe(2);
});

test("with exponential backoff each hit over the limit doubles the window; reading counts none", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const store = memory();
  const limits = new (fastifyRateLimit(store))({ exponentialBackoff: true });
  const call = (name: "incr" | "read"): Promise<{ current: number; ttl: number }> =>
    new Promise((resolve, reject) =>
      limits[name]("a", (error, result) => (error ? reject(error) : resolve(result!)), 1000, 1),
    );
  expect(await call("read")).toEqual({ current: 0, ttl: 0 });
  const ttls = [];
  for (let count = 0; count < 4; count++) ttls.push((await call("incr")).ttl);
  expect(ttls).toEqual([1000, 1000, 2000, 4000]);
  expect((await call("read")).current).toBe(4);
  await store.close();
  await expect(call("incr")).rejects.toMatchObject({ code: "closed" });
});
