import { expect, test } from "vitest";
import { fromUnstorage } from "../../../src/adapters/unstorage.ts";
import { text } from "../../../src/views/text.ts";
import { load } from "../../peers/load.ts";

const { createStorage, prefixStorage } = await load("unstorage");

test("nothing is guessed from what lies there, and the app reads what the store writes", async () => {
  const storage = createStorage();
  const store = text(fromUnstorage(storage));
  await storage.setItem("text", "1");
  await storage.setItem("object", { a: [1] });
  await storage.setItemRaw("raw", Uint8Array.of(104, 105));
  expect(await store.findMany(["text", "object", "raw", "none"])).toEqual(["1", '{"a":[1]}', "hi", undefined]);
  for (const value of ["1", "null", "true", "base64:AA==", "", "undefined", "~shelflife1~"]) {
    await store.set("value", value);
    expect(await store.get("value")).toBe(value);
  }
  await store.set("users:ada", '{"born":1815}');
  expect(await storage.getItem("users:ada")).toEqual({ born: 1815 });
});

test("keys that unstorage takes for one are apart, and no app's key is taken for another", async () => {
  const storage = createStorage();
  const store = text(fromUnstorage(storage));
  const odd = ["a:b", "a/b", "a\\b", "a::b", ":a:b", "a:b:", "a:b?c", "a$", "..", "a:..:b", "?", "~hex~613f", "~hex~61", "a?", "a"]; // prettier-ignore
  await store.setMany(odd.map((key) => [key, key]));
  expect(await store.findMany(odd)).toEqual(odd);
  const listed: string[] = [];
  for await (const key of store.keys()) listed.push(key);
  expect(listed.sort()).toEqual([...odd].sort());
  expect(await storage.getItem("a:b")).toBe("a:b");
  await storage.setItem("~hex~zz", "mine");
  expect(await store.get("~hex~zz")).toBe("mine");
});

test("a driver that takes no writes acknowledges none", async () => {
  const driver = { name: "fixed", getItem: () => "x", hasItem: () => true, getKeys: () => ["x"] };
  const store = text(fromUnstorage(createStorage({ driver })));
  expect(await store.get("x")).toBe("x");
  await expect(store.set("x", "y")).rejects.toMatchObject({ code: "unsupported" });
  await expect(store.delete("x")).rejects.toMatchObject({ code: "unsupported" });
});

test("nor does a storage below a prefix, which names another driver", async () => {
  const driver = { name: "fixed", getItem: () => "x", hasItem: () => true, getKeys: () => ["x"] };
  const storage = createStorage();
  storage.mount("fixed", driver);
  const store = text(fromUnstorage(prefixStorage(storage, "fixed")));
  for (const key of ["x", "y"]) await expect(store.set(key, "z")).rejects.toMatchObject({ code: "unsupported" });
  await text(fromUnstorage(prefixStorage(storage, "mine"))).set("x", "z");
  expect(await storage.getItem("mine:x")).toBe("z");
});

test("what setMany replaced is put back as it was, bytes too", async () => {
  const storage = createStorage();
  const store = fromUnstorage({
    ...storage,
    async setItem(key: string, value: unknown) {
      if (key === "fails") throw new Error("The driver failed");
      await storage.setItem(key, value);
    },
  });
  await storage.setItemRaw("raw", Uint8Array.of(0, 255));
  const items = ["raw", "fails"].map((key) => [key, Uint8Array.of(1)] as const);
  await expect(store.setMany(items)).rejects.toMatchObject({ code: "unavailable" });
  expect(await storage.getItemRaw("raw")).toEqual(Uint8Array.of(0, 255));
});
