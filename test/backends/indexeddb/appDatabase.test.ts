import "fake-indexeddb/auto";
import { openDB } from "idb";
import { expect, test } from "vitest";
import { indexeddb, upgradeStore } from "../../../src/backends/indexeddb.ts";
import { open } from "../../../src/index.ts";
import { json } from "../../../src/views/json.ts";

const options = { storeName: "shelf" };

/** Opens a database of an app's, with an object store of its own. */
async function openApp(name: string, version = 1): Promise<any> {
  return openDB<any>(name, version, {
    upgrade(database, old) {
      if (!old) database.createObjectStore("app");
      upgradeStore(database as any, "shelf");
    },
  });
}

test("a store lies beside the app's own, and the app's connection stays open", async () => {
  const database = await openApp("beside");
  await database.put("app", "theirs", "a");
  const heard: string[] = [];
  database.onclose = () => heard.push("close");
  const store = json<number>(indexeddb({ ...options, database }));
  const other = json<number>(indexeddb({ ...options, database }));
  const changes = other.watch();
  const next = changes.next();
  await Promise.all(Array.from({ length: 20 }, () => store.increment("n")));
  expect(await other.get("n")).toBe(20);
  expect((await next).value).toEqual({ type: "set", key: "n" });
  await store.clear();
  await store.close();
  expect(await other.find("n")).toBe(undefined);
  await other.close();
  expect(await database.get("app", "a")).toBe("theirs");
  expect([...database.objectStoreNames]).toEqual(["app", "shelf", "shelf-marks"]);
  database.onclose();
  expect(heard).toEqual(["close"]);
  database.close();
});

test("it stops when the connection is asked to make way: nothing is in the way, calls and watches are unavailable", async () => {
  const database = await openApp("way");
  const store = json<number>(indexeddb({ ...options, database }));
  await store.set("a", 1);
  const changes = store.watch();
  const next = changes.next();
  const kept = store.set("b", 2);
  await kept;
  expect((await next).value).toEqual({ type: "set", key: "b" });
  const broken = changes.next();
  database.onversionchange = () => database.close();
  const newer = await openApp("way", 2);
  const reason = { code: "unavailable" };
  await expect(broken).rejects.toMatchObject(reason);
  for (const call of [store.find("a"), store.set("a", 2), store.increment("n"), store.list(), store.watch().next()])
    await expect(call).rejects.toMatchObject(reason);
  await store.close();
  expect(await json(indexeddb({ ...options, database: newer })).findMany(["a", "b"])).toEqual([1, 2]);
  newer.close();
});

test("a connection that the app has closed is unavailable", async () => {
  const database = await openApp("closed");
  const store = json(indexeddb({ ...options, database }));
  database.close();
  await expect(store.set("a", 1)).rejects.toMatchObject({ code: "unavailable" });
  await expect(store.find("a")).rejects.toMatchObject({ code: "unavailable" });
  expect(() => indexeddb({ ...options, database })).toThrow(/expected a database that is open/);
  await store.close();
});

test("what upgradeStore has not made is refused, and a configuration cannot name a database", async () => {
  const database = await openDB<any>("refused", 1, {
    upgrade(made) {
      made.createObjectStore("shelf");
      made.createObjectStore("free");
      made.createObjectStore("free-marks");
      expect(() => upgradeStore(made as any, "shelf")).toThrow(/expected names that the app has no object store of/);
      expect(() => upgradeStore(made as any, "")).toThrow(/option "storeName" must be a non-empty string/);
    },
  });
  for (const storeName of ["shelf", "none", "free"])
    expect(() => indexeddb({ storeName, database: database as any })).toThrow(/expected what upgradeStore makes of/);
  for (const given of [undefined, "app", {}, { database, persist: true }])
    expect(() => indexeddb({ ...options, ...(given as any) })).toThrow(/Cannot open store "indexeddb"/);
  expect(() => indexeddb({ ...options, database: {} as any })).toThrow(/must be a name or an IDBDatabase, got Object/);
  expect(() => upgradeStore(database as any, "late")).toThrow(/expected a database that is being upgraded/);
  const parameters = { database: {}, storeName: "" } as any;
  await expect(open({ backend: "indexeddb", parameters })).rejects.toMatchObject({
    code: "bad-config",
    message: expect.stringMatching(
      /"database" must be a name or an IDBDatabase, got Object; option "storeName" must be a non-empty string/,
    ),
  });
  database.close();
});
