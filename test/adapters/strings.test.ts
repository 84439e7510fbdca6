import { expect, test } from "vitest";
import { strings } from "../../src/adapters/strings.ts";
import { memory } from "../../src/backends/memory.ts";
import { createStore } from "../../src/core/createStore.ts";
import { until } from "../support/until.ts";

test("a miss is null, removing one is no error, and clearing keeps to the prefix", async () => {
  const store = memory();
  const items = strings(store, { prefix: "app/" });
  await store.set("other", Uint8Array.of(1));
  expect(await items.getItem("a")).toBeNull();
  await items.removeItem("a");
  await items.setItem("a", "");
  expect(await items.getItem("a")).toBe("");
  expect(await store.has("app/a")).toBe(true);
  await items.clear();
  expect((await store.list()).entries.map(({ key }) => key)).toEqual(["other"]);
});

test("many items are written together or not at all", async () => {
  const items = strings(memory());
  await items.setMany({ a: "1", b: "2", ["__proto__"]: "3" });
  expect(await items.getMany(["a", "none", "b"])).toEqual({ a: "1", none: null, b: "2" });
  await expect(items.setMany({ c: "3", d: "\ud800" })).rejects.toThrow("Invalid value: expected a well-formed string");
  await expect(items.setItem("c", 3 as never)).rejects.toThrow("Invalid value: expected a well-formed string, got 3");
  expect(await items.getItem("c")).toBeNull();
  await items.removeMany(["a", "none"]);
  expect((await items.getAllKeys()).sort()).toEqual(["__proto__", "b"]);
});

test("every item lives for the ttl from when it was last set", async () => {
  let now = 0;
  const items = strings(memory({ now: () => now }), { ttl: 1000 });
  await items.setItem("a", "1");
  await items.setMany({ b: "1" });
  now = 500;
  await items.setItem("a", "2");
  now = 1000;
  expect(await items.entries()).toEqual([["a", "2"]]);
  now = 1500;
  expect(await items.getItem("a")).toBeNull();
  expect(() => strings(memory(), { ttl: 0 })).toThrow("Invalid ttl: expected a number of ms above 0, got 0");
});

test("a listener hears of changes until it stops, long keys among them", async () => {
  const store = memory();
  const items = strings(store, { prefix: "app/" });
  const events: unknown[] = [];
  let isListening = false;
  const stop = items.addListener((event) => (event.key === "begin" ? (isListening = true) : events.push(event)));
  await until(async () => {
    await items.setItem("begin", "");
    return isListening;
  });
  const long = "l".repeat(2000);
  await strings(store, { prefix: "app/" }).setItem("a", "1");
  await until(() => events.length === 1);
  await items.setItem(long, "2");
  await until(() => events.length === 2);
  await items.removeItem("a");
  await items.removeItem(long);
  await until(() => events.length === 4);
  expect(events).toEqual([
    { key: "a", oldValue: null, newValue: "1" },
    { key: long, oldValue: null, newValue: "2" },
    { key: "a", oldValue: null, newValue: null },
    { key: null, oldValue: null, newValue: null }, // one behind its hash: read again
  ]);
  stop();
  await until(async () => {
    const before = events.length;
    await items.setItem("a", "3");
    return events.length === before;
  });
});

test("a store without a watch reports nothing, and works", async () => {
  const { get, set, delete: remove } = new Map<string, never>();
  const map = new Map();
  const store = createStore({
    get: (key) => get.call(map, key),
    set: (key, entry) => void set.call(map, key, entry as never),
    delete: (key) => remove.call(map, key),
    isPersistent: () => false,
  });
  const items = strings(store);
  const stop = items.addListener(() => {});
  await items.setItem("a", "1");
  expect(await items.getItem("a")).toBe("1");
  stop();
});
