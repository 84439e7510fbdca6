import { openDB } from "idb";
import { json, memory, migrate } from "shelflife";
import { idb, type IdbLike } from "shelflife/adapters/idb";
import { expect, test } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { dexie, keyval, native } from "./databases.ts";

interface App {
  readonly given: IdbLike;
  put(key: IDBValidKey, value: unknown): Promise<unknown>;
  get(key: IDBValidKey): Promise<unknown>;
  keys(): Promise<IDBValidKey[]>;
}

const ask = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** What an app does with its database, by the library that it has. */
const apps: Record<string, (name: string) => App | Promise<App>> = {
  async native(name) {
    const database = await native(name);
    const store = (mode: IDBTransactionMode) => database.transaction("values", mode).objectStore("values");
    return {
      given: database,
      put: (key, value) => ask(store("readwrite").put(value, key)),
      get: (key) => ask(store("readonly").get(key)),
      keys: () => ask(store("readonly").getAllKeys()),
    };
  },
  async idb(name) {
    const database = await openDB<any>(name, 1, { upgrade: (made) => void made.createObjectStore("values") });
    return {
      given: database,
      put: (key, value) => database.put("values", value, key),
      get: (key) => database.get("values", key),
      keys: () => database.getAllKeys("values"),
    };
  },
  "idb-keyval"(name) {
    const use = keyval.createStore(name, "values");
    return {
      given: use,
      put: (key, value) => keyval.set(key, value, use),
      get: (key) => keyval.get(key, use),
      keys: () => keyval.keys(use),
    };
  },
  dexie(name) {
    const database = dexie(name);
    const table = database.table("values");
    return {
      given: database,
      put: (key, value) => table.put(value, key),
      get: (key) => table.get(key),
      keys: () => table.toCollection().primaryKeys(),
    };
  },
};

test.each(Object.entries(apps))(
  "%s: app and store read each other, and what is no store's is left alone",
  async (_, open) => {
    const app = await open(newDatabase());
    const foreign: IDBValidKey[] = [1, new Date(0), ["a", 1], new Uint8Array([1]).buffer, "", "x".repeat(1025)];
    for (const key of foreign) await app.put(key, "theirs");
    await app.put("settings", { theme: "dark" });
    // WebKit stores none where its data are not kept on disk.
    await app.put("blob", new Blob(["1"])).catch(() => app.put("blob", 1));
    await app.put("map", new Map());
    const store = idb(app.given);
    const values = json<any>(store);
    expect(await values.findMany(["settings", "blob", "none"])).toEqual([{ theme: "dark" }, 1, undefined]);
    const counts = await Promise.all(Array.from({ length: 20 }, () => values.increment("visits")));
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await app.get("visits")).toBe(20);
    await values.set("code", 1, { ttl: 60_000 });
    expect(await app.get("code")).toBeInstanceOf(Uint8Array);
    const skipped: string[] = [];
    const done = await migrate(store, memory(), { onSkipped: ({ key }) => void skipped.push(key) });
    expect([done.copied, done.skipped, skipped.length]).toEqual([4, 7, 7]);
    await store.clear();
    await store.close();
    expect(await app.keys()).toEqual([1, new Date(0), foreign[4], foreign[5], expect.any(ArrayBuffer), ["a", 1]]);
  },
);

test("the app's connection makes way when it is asked to, and is not closed by a store", async () => {
  const name = newDatabase();
  const database = await native(name);
  const store = json(idb(database));
  const changes = store.watch();
  await store.set("a", 1);
  await store.close();
  await changes.return!();
  database.transaction("values");
  const again = json(idb(database));
  await again.set("a", 2);
  let asked = 0;
  database.onversionchange = () => {
    asked++;
    database.close();
  };
  const newer = await native(name, 2);
  expect([asked, newer.version]).toEqual([1, 2]);
  for (const call of [again.find("a"), again.set("a", 3), again.increment("n"), again.list()])
    await expect(call).rejects.toMatchObject({ code: "unavailable" });
  expect(await json(idb(newer)).get("a")).toBe(2);
  newer.close();
});

test("a store of Dexie's makes way for a deletion, and its watch reports that it may have missed changes", async () => {
  const name = newDatabase();
  const database = dexie(name);
  // As Dexie does unasked, with a word on the console.
  database.on("versionchange", () => {
    database.close({ disableAutoOpen: false });
    return false;
  });
  const store = json(idb(database));
  await store.set("a", 1);
  const changes = store.watch();
  const next = changes.next();
  await store.set("b", 2);
  expect((await next).value).toEqual({ type: "set", key: "b" });
  await ask(indexedDB.deleteDatabase(name));
  const resync = changes.next();
  expect(await store.find("a")).toBe(undefined);
  expect((await resync).value).toEqual({ type: "resync" });
});
