import { expect, test } from "vitest";
import { fromKeyv } from "../../../src/adapters/keyv.ts";
import { json } from "../../../src/views/json.ts";
import { load } from "../../peers/load.ts";

const { Keyv: Keyv5 } = await load("keyv");
const { Keyv: Keyv6 } = await load("keyv-6");
const { default: Keyv4 } = await load("keyv-4");

async function keysOf(store: { keys(): AsyncIterable<string> }): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  return keys.sort();
}

for (const [version, Keyv] of Object.entries({ 4: Keyv4, 5: Keyv5, 6: Keyv6 })) {
  test(`${version}: values are shared with the app, deadlines of its own too, and a default ttl ends none`, async () => {
    const keyv = new Keyv({ ttl: 60_000 });
    const store = json<unknown>(fromKeyv(keyv, { exclusive: true }));
    for (const value of [{ a: [1, null] }, "text", "~shelflife1~x", 1, true, ":base64:aGk="]) {
      await store.set("own", value);
      expect(await store.entry("own")).toEqual({ value, expiresAt: Infinity });
      // What begins as a record does lies in one.
      if (value === "~shelflife1~x") continue;
      expect(await keyv.get("own")).toEqual(value);
      await keyv.set("app", value, 0);
      expect(await store.entry("app")).toEqual({ value, expiresAt: Infinity });
    }
    await keyv.set("bytes", Buffer.from("[1]"));
    expect(await store.get("bytes")).toEqual([1]);
    const before = Date.now();
    await keyv.set("app", 1, 5000);
    const { expiresAt } = (await store.entry("app"))!;
    expect(expiresAt).toBeGreaterThanOrEqual(before + 5000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 5000);
    await store.set("app", 2, { ttl: 90_000 });
    expect((await store.entry("app"))!.expiresAt).toBeGreaterThan(before + 80_000);
  });

  test(`${version}: its failures are no misses, and no write is acknowledged that it did not take`, async () => {
    const medium = new Map<string, unknown>();
    let fails = false;
    const working = (): Map<string, unknown> => {
      if (fails) throw new Error("The server is gone");
      return medium;
    };
    const adapter = {
      opts: { dialect: "redis", url: "" },
      get: async (key: string) => working().get(key),
      set: async (key: string, value: unknown) => !!working().set(key, value),
      delete: async (key: string) => working().delete(key),
      clear: async () => working().clear(),
      async *iterator() {
        yield* working();
      },
    };
    const store = json<number>(fromKeyv(new Keyv({ store: adapter, emitErrors: true })));
    await store.set("a", 1);
    expect(await keysOf(store)).toEqual(["a"]);
    fails = true;
    for (const call of [store.find("a"), store.set("a", 2), store.delete("a"), keysOf(store)])
      await expect(call).rejects.toMatchObject({ code: "unavailable" });
    fails = false;
    expect(await store.get("a")).toBe(1);
  });

  test(`${version}: namespaces over one map are apart`, async () => {
    const medium = new Map();
    const open = (namespace: string): any => new Keyv({ store: medium, namespace });
    const [users, others] = ["users", "users2"].map((name) => json(fromKeyv(open(name))));
    const keys = ["a", "b:c", "users:a", "users2:users:a", "users"];
    await users!.setMany(keys.map((key) => [key, key]));
    await others!.set("users:x", 1);
    expect(await keysOf(users!)).toEqual([...keys].sort());
    expect(await users!.findMany(keys)).toEqual(keys);
    await users!.clear();
    expect(await keysOf(others!)).toEqual(["users:x"]);
  });

  test(`${version}: without an iterator nothing is listed`, async () => {
    const { get, set, delete: remove } = new Map() as any;
    const medium = new Map();
    const bind =
      (method: any) =>
      async (...args: unknown[]) =>
        method.apply(medium, args);
    const adapter = { get: bind(get), set: bind(set), delete: bind(remove), clear: async () => medium.clear() };
    const store = json<number>(fromKeyv(new Keyv({ store: adapter }), { exclusive: true }));
    expect(await store.increment("n")).toBe(1);
    for (const call of [store.list(), store.clear(), store.sweep(), store.watch().next()])
      await expect(call).rejects.toMatchObject({ code: "unsupported" });
  });
}

test("5: without a namespace all keys are listed as they are", async () => {
  const store = json(fromKeyv(new Keyv5({ namespace: undefined, useKeyPrefix: false })));
  await store.setMany([["a", 1], ["b:c", 2]]); // prettier-ignore
  expect(await keysOf(store)).toEqual(["a", "b:c"]);
});

test("6: keys that it would clean are apart", async () => {
  const store = json(fromKeyv(new Keyv6({ sanitize: { keys: true } })));
  const keys = ["a", "a;", "../a", "a\0"];
  await store.setMany(keys.map((key) => [key, key]));
  expect(await store.findMany(keys)).toEqual(keys);
  expect(await keysOf(store)).toEqual([...keys].sort());
});
