import "fake-indexeddb/auto";
import { openDB } from "idb";
import { expect, test } from "vitest";
import { idb } from "../../src/adapters/idb.ts";
import { memory } from "../../src/backends/memory.ts";
import { migrate } from "../../src/over/migrate.ts";
import { json } from "../../src/views/json.ts";
import { load } from "../peers/load.ts";

const keyval = await load("idb-keyval");
const { Dexie } = await load("dexie");

/** Opens a database of an app's, and says how its connection was used. */
async function openApp(name: string, stores: Record<string, IDBObjectStoreParameters> = { values: {} }): Promise<any> {
  return openDB(name, 1, {
    upgrade(database) {
      for (const [store, options] of Object.entries(stores)) database.createObjectStore(store as never, options);
    },
  });
}

test("an IDBDatabase, Dexie's and idb-keyval's hold what the app wrote, and read what the store writes", async () => {
  const native = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("native", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("values");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const dexie = new Dexie("dexie");
  dexie.version(1).stores({ settings: "", more: "" });
  const useStore = keyval.createStore("keyval", "values");
  await dexie.table("settings").put({ theme: "dark" }, "app");
  await keyval.set("app", { theme: "dark" }, useStore);
  await new Promise((resolve) => {
    const transaction = native.transaction("values", "readwrite");
    transaction.objectStore("values").put({ theme: "dark" }, "app");
    transaction.oncomplete = resolve;
  });
  for (const store of [idb(native), idb(dexie, { storeName: "settings" }), idb(useStore)]) {
    const values = json<unknown>(store);
    expect(await values.get("app")).toEqual({ theme: "dark" });
    await values.set("app", { theme: "light" });
    expect(await values.increment("visits")).toBe(1);
    await values.set("code", 1, { ttl: 60_000 });
    expect((await values.entry("code"))!.expiresAt).toBeLessThan(Infinity);
    await store.close();
  }
  expect(await dexie.table("settings").get("app")).toEqual({ theme: "light" });
  expect(await keyval.get("app", useStore)).toEqual({ theme: "light" });
  expect(native.transaction("values").objectStore("values").name).toBe("values");
});

test("Dexie opens its database when a store needs it", async () => {
  const dexie = new Dexie("late");
  dexie.version(1).stores({ values: "" });
  const store = json(idb(dexie));
  expect(dexie.isOpen()).toBe(false);
  await store.set("a", 1);
  expect(await dexie.table("values").get("a")).toBe(1);
});

test("keys that no store can have are left alone, and reported by migrate", async () => {
  const app = await openApp("foreign");
  const foreign: IDBValidKey[] = [1, new Date(0), ["a", 1], "", "\ud800", "x".repeat(1025)];
  for (const key of foreign) await app.put("values", "theirs", key);
  for (let index = 0; index < 250; index++) await app.put("values", index, `key/${index}`);
  await app.put("values", new Blob(["blob"]), "blob");
  const store = idb(app);
  const target = memory();
  const skipped: string[] = [];
  const counts = await migrate(store, target, { onSkipped: ({ key }) => void skipped.push(key) });
  expect(skipped.sort()).toEqual(foreign.map(String).sort());
  expect(counts.copied).toBe(251);
  expect(await json(target).get("key/249")).toBe(249);
  await store.sweep();
  await store.clear();
  expect((await app.getAllKeys("values")).map(String).sort()).toEqual(foreign.map(String).sort());
});

test("the app's connection is the app's: it makes way, and calls are unavailable after that", async () => {
  const app = await openApp("mine");
  const store = json(idb(app, { storeName: "values" }));
  const changes = store.watch();
  void changes.next();
  await store.set("a", 1);
  await store.close();
  expect(await app.get("values", "a")).toBe(1);
  const again = json(idb(app));
  app.onversionchange = () => app.close();
  (await openDB("mine", 2)).close();
  for (const call of [again.find("a"), again.set("a", 2), again.increment("n"), again.list()])
    await expect(call).rejects.toMatchObject({ code: "unavailable" });
});

test("a store needs an object store that exists, and writes to none whose keys are in its values", async () => {
  const app = await openApp("several", { a: {}, inline: { keyPath: "id" } });
  for (const [given, options, message] of [
    [app, {}, /expected a storeName, got/],
    [app, { storeName: "c" }, /expected a storeName that exists/],
    [keyval.createStore("x", "y"), { storeName: "a" }, /expected no storeName/],
    [{}, {}, /expected an IDBDatabase/],
    [undefined, {}, /expected an IDBDatabase/],
  ] as const)
    expect(() => idb(given, options)).toThrow(message);
  await app.put("inline", { id: "ada", born: 1815 });
  const store = json(idb(app, { storeName: "inline" }));
  expect(await store.get("ada")).toEqual({ id: "ada", born: 1815 });
  await expect(store.set("bob", 1)).rejects.toMatchObject({ code: "unsupported" });
  expect(await app.getAllKeys("inline")).toEqual(["ada"]);
});

test("what a decision throws takes everything back", async () => {
  const app = await openApp("thrown");
  const store = json<number>(idb(app));
  await store.setMany([["a", 1], ["b", 2]]); // prettier-ignore
  const failure = new Error("No");
  await expect(
    store.transact(["a", "b"], () => {
      throw failure;
    }),
  ).rejects.toBe(failure);
  await store.transact(["a", "b"], ([a, b]) => [{ value: b!.value }, { value: a!.value }]);
  expect(await store.findMany(["a", "b"])).toEqual([2, 1]);
  const useStore = keyval.createStore("refused", "values");
  const refusing = json(
    idb((mode, work) =>
      useStore(mode, (values: IDBObjectStore) => {
        const put = values.put.bind(values);
        values.put = (value, key) => {
          if (key === "b") throw failure;
          return put(value, key);
        };
        return work(values);
      }),
    ),
  );
  await expect(refusing.setMany([["a", 1], ["b", 2]])).rejects.toBe(failure); // prettier-ignore
  expect(await keyval.keys(useStore)).toEqual([]);
  await app.put("values", new Blob(["1"]), "blob");
  await expect(store.increment("blob")).rejects.toMatchObject({ code: "cant-decode" });
  expect(await store.get("blob")).toBe(1);
});
