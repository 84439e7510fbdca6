// What Better Auth does with its secondary storage.
import { expect, test } from "vitest";
import { betterAuth } from "../../src/adapters/betterauth.ts";
import { memory } from "../../src/backends/memory.ts";
import { load } from "../peers/load.ts";

const [auth, { memoryAdapter }] = await Promise.all(["better-auth", "better-auth/adapters/memory"].map(load));

test("Better Auth keeps sessions, and counts its limit, in a store that a second instance reads", async () => {
  const store = memory();
  const database = { user: [], session: [], account: [], verification: [] };
  const open = (): any =>
    auth.betterAuth({
      baseURL: "http://localhost",
      secret: "s".repeat(40),
      logger: { disabled: true },
      telemetry: { enabled: false },
      database: memoryAdapter(database),
      emailAndPassword: {
        enabled: true,
        password: { hash: async (text: string) => text, verify: async ({ hash, password }: any) => hash === password },
      },
      rateLimit: { enabled: true, window: 60, max: 3 },
      secondaryStorage: betterAuth(store, { prefix: "auth/" }),
    });
  const [first, second] = [open(), open()];
  const headers = { "content-type": "application/json", "x-forwarded-for": "10.0.0.1", origin: "http://localhost" };
  const body = JSON.stringify({ email: "ada@example.com", password: "lovelace1", name: "Ada" });
  const signUp = await first.handler(
    new Request("http://localhost/api/auth/sign-up/email", { method: "POST", headers, body }),
  );
  expect(signUp.status).toBe(200);
  const cookie = signUp.headers
    .getSetCookie()
    .map((text: string) => text.split(";")[0])
    .join("; ");
  const found = await second.api.getSession({ headers: new Headers({ cookie }) });
  expect(found.user.email).toBe("ada@example.com");

  const ask = async (instance: any): Promise<number> =>
    (await instance.handler(new Request("http://localhost/api/auth/get-session", { headers: { ...headers, cookie } })))
      .status;
  const statuses = [];
  for (const instance of [first, second, first, second]) statuses.push(await ask(instance));
  expect(statuses).toEqual([200, 200, 200, 429]);

  const signOut = await second.handler(
    new Request("http://localhost/api/auth/sign-out", { method: "POST", headers: { ...headers, cookie }, body: "{}" }),
  );
  expect(signOut.status).toBe(200);
  expect(await first.api.getSession({ headers: new Headers({ cookie }) })).toBeNull();
});

test.each(["k", "k".repeat(2000), ""])(
  "of many that take a value one gets it, and a window begins once: a key like %j",
  async (key) => {
    let now = Date.now();
    const store = memory({ now: () => now });
    const storage = betterAuth(store);
    await storage.set(key, "once");
    const taken = await Promise.all(Array.from({ length: 10 }, () => storage.getAndDelete(key)));
    expect(taken.filter((value) => value !== null)).toEqual(["once"]);
    const counts = await Promise.all(Array.from({ length: 20 }, () => storage.increment(key, 60)));
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    now += 59_999;
    expect(await storage.increment(key, 60)).toBe(21);
    now += 1;
    expect(await storage.increment(key, 60)).toBe(1);
    await storage.delete(key);
    await storage.delete(key);
    expect(await storage.get(key)).toBeNull();
  },
);

test("lifetimes are seconds: without one for ever, with none left no value", async () => {
  let now = Date.now();
  const store = memory({ now: () => now });
  const storage = betterAuth(store, { prefix: "auth/" });
  await storage.set("a", "1", 2);
  await storage.set("b", "2");
  await storage.set("c", "3");
  await storage.set("c", "3", 0);
  expect((await store.list()).entries.map(({ key, expiresAt }) => [key, expiresAt - now])).toEqual([
    ["auth/a", 2000],
    ["auth/b", Infinity],
  ]);
  now += 2000;
  expect([await storage.get("a"), await storage.get("b"), await storage.get("c")]).toEqual([null, "2", null]);
  await expect(storage.set("d", {} as string)).rejects.toMatchObject({ code: "invalid-argument" });
});
