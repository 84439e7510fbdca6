import { expect, test, vi } from "vitest";
import { localforageDriver } from "../../../src/adapters/localforage.ts";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { forage } from "./forage.ts";

const stores = new Map<string, Store>();
const driver = localforageDriver((name, storeName) => {
  if (name === "broken" && !stores.has("tried")) {
    stores.set("tried", memory());
    return Promise.reject(new Error("not yet"));
  }
  const store = memory();
  stores.set(`${name}/${storeName}`, store);
  return store;
});
await forage.defineDriver(driver);
let names = 0;
const fresh = (name = `driver-${++names}`, storeName = "values"): LocalForage =>
  forage.createInstance({ name, storeName, driver: driver._driver });

test("an app works on a store: values of all types, and any key", async () => {
  const app = fresh();
  const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const values: Record<string, unknown> = {
    text: "text",
    nothing: null,
    object: { list: [1, { two: 2 }] },
    bytes: Uint8Array.of(0, 255),
    floats: new Float64Array([0.5, Infinity]),
    ["l".repeat(2000)]: "long",
    "": "empty",
  };
  for (const [key, value] of Object.entries(values)) expect(await app.setItem(key, value)).toBe(value);
  for (const [key, value] of Object.entries(values)) expect(await app.getItem(key)).toEqual(value);
  await app.setItem("part", part);
  expect(await app.getItem("part")).toEqual(Uint8Array.of(2, 3));
  expect(await app.setItem("undefined", undefined)).toBeNull();
  expect([await app.getItem("undefined"), await app.getItem("none")]).toEqual([null, null]);
  await app.setItem(5 as never, "five");
  expect(await app.getItem("5")).toBe("five");
  expect(await app.length()).toBe(10);
  const keys = await app.keys();
  expect([await app.key(0), await app.key(9), await app.key(10)]).toEqual([keys[0], keys[9], null]);
});

test("iteration counts from one and stops at the first result", async () => {
  const app = fresh();
  for (const key of ["a", "b", "c"]) await app.setItem(key, key.toUpperCase());
  const seen: unknown[] = [];
  const result = await app.iterate((value: string, key, number) => {
    seen.push([key, value, number]);
    return number === 2 ? "enough" : undefined;
  });
  expect([result, seen]).toEqual([
    "enough",
    [
      ["a", "A", 1],
      ["b", "B", 2],
    ],
  ]);
  await app.removeItem("a");
  await app.removeItem("a");
  await app.clear();
  expect(await app.keys()).toEqual([]);
});

test("callbacks get the outcome, and what they throw is nobody else's", async () => {
  const app = fresh();
  const outcome = await new Promise((resolve) => void app.setItem("a", 1, (...args) => resolve(args)));
  expect(outcome).toEqual([null, 1]);
  await app.getItem("a", () => {
    throw new Error("a callback's own");
  });
  // Its serializer says so, too.
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const failed = await new Promise<unknown[]>((resolve) =>
    app.setItem("b", 1n, (...args) => resolve(args)).catch(() => {}),
  );
  expect(failed[0]).toMatchObject({ code: "cant-encode", key: "b" });
  expect(log).toHaveBeenCalled();
});

test("each name and storeName has a store of its own, and dropping one leaves the others", async () => {
  const [a, b, other] = [fresh("shop", "a"), fresh("shop", "b"), fresh("bank", "a")];
  for (const app of [a, b, other]) await app.setItem("k", 1);
  await fresh("shop", "a").setItem("k", 2);
  expect([await a.getItem("k"), await b.getItem("k")]).toEqual([2, 1]);
  await a.dropInstance();
  expect([await a.getItem("k"), await b.getItem("k")]).toEqual([null, 1]);
  await a.dropInstance({ name: "shop" });
  expect([await b.getItem("k"), await other.getItem("k")]).toEqual([null, 1]);
  expect(await stores.get("shop/b")!.has("k")).toBe(false);
  await a.setItem("k", 3);
  expect(await a.getItem("k")).toBe(3);
});

test("a store that could not be opened is tried again", async () => {
  await expect(fresh("broken").ready()).rejects.toThrow();
  const app = fresh("broken");
  await app.setItem("a", 1);
  expect(await app.getItem("a")).toBe(1);
});
