// What unstorage does with a driver.
import { afterEach, expect, test, vi } from "vitest";
import createMount, { unstorage } from "../../src/adapters/unstorage.ts";
import { register } from "../../src/index.ts";
import { memory } from "../../src/backends/memory.ts";
import { createStore } from "../../src/core/createStore.ts";
import { load } from "../peers/load.ts";
import { until } from "../support/until.ts";

const { createStorage, prefixStorage } = await load("unstorage");
const long = "l".repeat(2000);

afterEach(() => void vi.useRealTimers());

test("storage holds values of all kinds, and another instance finds them", async () => {
  const store = memory();
  const storage = createStorage({ driver: unstorage(store) });
  await storage.setItem("users:ada", { born: 1815 });
  await storage.setItem(`users:${long}`, "long");
  await storage.setItems([
    { key: "zero", value: 0 },
    { key: "text", value: "a b" },
  ]);
  await storage.setItemRaw("raw", Uint8Array.of(0, 255));
  await storage.setItemRaw(`raw:${long}`, Uint8Array.of(255, 10, 0));
  const other = createStorage({ driver: unstorage(store) });
  expect(await other.getItem("users:ada")).toEqual({ born: 1815 });
  expect(await other.getItems(["zero", "text", "none"])).toEqual([
    { key: "zero", value: 0 },
    { key: "text", value: "a b" },
    { key: "none", value: null },
  ]);
  expect(await other.getItemRaw("raw")).toEqual(Uint8Array.of(0, 255));
  expect(await other.getItemRaw(`raw:${long}`)).toEqual(Uint8Array.of(255, 10, 0));
  expect(await other.getItemRaw("none")).toBeNull();
  expect((await other.getKeys("users")).sort()).toEqual(["users:ada", `users:${long}`].sort());
  expect((await other.getKeys()).length).toBe(6);
  expect((await prefixStorage(other, "users").getKeys()).length).toBe(2);
  await unstorage(store).clear("users:");
  expect((await storage.getKeys()).sort()).toEqual(["raw", `raw:${long}`, "text", "zero"].sort());
  await other.removeItem("zero");
  await other.removeItem("zero");
  expect(await storage.hasItem("zero")).toBe(false);
  await storage.clear();
  await storage.clear();
  expect(await storage.getKeys()).toEqual([]);
});

test("a ttl is in seconds: of the call, of all items, of the driver; 0 is for ever", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  let now = Date.now();
  const store = memory({ now: () => now });
  const storage = createStorage({ driver: unstorage(store, { ttl: 100 }) });
  await storage.setItem("a", 1, { ttl: 2 });
  await storage.setItems(
    [
      { key: "b", value: 1, options: { ttl: 3 } },
      { key: "c", value: 1 },
    ],
    { ttl: 4 },
  );
  await storage.setItem("d", 1);
  await storage.setItemRaw("e", "1", { ttl: 0 });
  await storage.setItem("f", 1, { ttl: -1 });
  const left = (await store.list()).entries.map(({ key, expiresAt }) => [key, (expiresAt - now) / 1000]);
  expect(left).toEqual([
    ["a", 2],
    ["b", 3],
    ["c", 4],
    ["d", 100],
    ["e", Infinity],
  ]);
  expect(await storage.getMeta("d")).toMatchObject({ size: 1, ttl: 100 });
  expect(await storage.getMeta("e")).toMatchObject({ size: 1 });
  now += 3000;
  expect((await storage.getKeys()).sort()).toEqual(["c", "d", "e"]);
});

test("raw values are bytes, text, a Blob or JSON; what would get lost is refused", async () => {
  const storage = createStorage({ driver: unstorage(memory()) });
  const read = async (value: unknown): Promise<string> => {
    await storage.setItemRaw("a", value);
    return new TextDecoder().decode(await storage.getItemRaw("a"));
  };
  expect(await read("text")).toBe("text");
  expect(await read(new TextEncoder().encode("bytes").buffer)).toBe("bytes");
  expect(await read(new Uint8Array(new TextEncoder().encode("part").buffer, 1, 2))).toBe("ar");
  expect(await read(new Blob(["blob"]))).toBe("blob");
  expect(await read({ a: [1] })).toBe('{"a":[1]}');
  expect(await read(5)).toBe("5");
  for (const value of [new Map([[1, 2]]), new ReadableStream(), () => {}, 1n]) {
    await expect(storage.setItemRaw("a", value)).rejects.toMatchObject({ code: "cant-encode" });
  }
  expect(await storage.getItem("a")).toBe(5);
});

test("a watch reports updates and removals of others, expiries among them, until it ends", async () => {
  const store = memory();
  const storage = createStorage({ driver: unstorage(store) });
  const events: string[] = [];
  const stop = await storage.watch((event: string, key: string) => events.push(`${event} ${key}`));
  const other = createStorage({ driver: unstorage(store) });
  await other.setItem("a", 1, { ttl: 0.01 });
  await until(() => events.length === 2);
  await other.setItem("b", 1);
  await storage.removeItem("b");
  await until(() => events.length === 4);
  expect(events).toEqual(["update a", "remove a", "update b", "remove b"]);
  await stop();
  const deaf = createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => false });
  await expect(createStorage({ driver: unstorage(deaf) }).watch(() => {})).rejects.toMatchObject({
    code: "unsupported",
  });
});

test("disposing of the driver closes the store", async () => {
  const store = memory();
  const storage = createStorage({ driver: unstorage(store) });
  await storage.dispose();
  await storage.dispose();
  await expect(store.has("a")).rejects.toMatchObject({ code: "closed" });
});

test("a module of a driver takes a store or a configuration, opened by the first call, and again after a failure", async () => {
  expect(createMount(memory()).name).toBe("shelflife");
  let opened = 0;
  register("counted", {
    valid: (parameters) => parameters,
    build() {
      if (++opened === 1) throw new Error("not yet");
      return memory();
    },
  });
  const driver = createMount({ driver: "shelflife/adapters/unstorage", backend: "counted", ttl: 60 });
  const storage = createStorage({ driver });
  expect([opened, driver.flags.ttl]).toEqual([0, true]);
  await expect(storage.getItem("a")).rejects.toThrow("not yet");
  await storage.setItem("a", 1);
  expect(await storage.getItem("a")).toBe(1);
  expect(opened).toBe(2);
  expect((await storage.getMeta("a")).ttl).toBeGreaterThan(0);
  await expect(createStorage({ driver: createMount({ backend: "none" }) }).getKeys()).rejects.toMatchObject({
    code: "bad-config",
  });
  expect(() => createMount(5 as never)).toThrow("Invalid options: expected a store, or { backend, parameters }, got 5");
});
