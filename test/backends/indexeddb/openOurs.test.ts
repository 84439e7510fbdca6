// A database that something else has made stays as it is. What browsers do of their own is proven in e2e.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { deleteDB, openDB, type IDBPDatabase } from "idb";
import { test } from "vitest";
import { isStoreError } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { codes, openIndexedDB } from "../../support/indexeddb.ts";

/** What libraries and applications make of a database. */
const strangers: Record<string, (database: IDBPDatabase) => void> = {
  "idb-keyval": (raw) => void raw.createObjectStore("keyval"),
  localForage(raw) {
    raw.createObjectStore("keyvaluepairs");
    raw.createObjectStore("local-forage-detect-blob-support");
  },
  "an application with entries": (raw) => void raw.createObjectStore("entries", { keyPath: "id" }),
  "an application with an index of that name": (raw) =>
    void raw.createObjectStore("entries").createIndex("expiry", "expires"),
  "an application with entries and marks"(raw) {
    raw.createObjectStore("entries").createIndex("expiry", "e");
    raw.createObjectStore("marks");
  },
};

for (const [name, make] of Object.entries(strangers)) {
  for (const version of [1, 2, 3, 9]) {
    test(`a database of ${name}, version ${version}, is bad-config and stays as it is`, async () => {
      const { store, database } = openIndexedDB();
      const raw = await openDB(database, version, { upgrade: make });
      const names = [...raw.objectStoreNames];
      for (const each of names) {
        const inline = raw.transaction(each).store.keyPath !== null;
        await (inline ? raw.put(each, { id: "key", value: 1 }) : raw.put(each, "theirs", "key"));
      }
      let asked = 0;
      raw.addEventListener("versionchange", () => asked++);
      const calls = () => [store.get("key"), store.set("key", utf8("1")), store.clear(), store.list(), store.sweep()];
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(await codes(calls()), Array(5).fill("bad-config"));
      }
      await assert.rejects(
        store.find("key"),
        (error: Error) => error.message.includes(database) && error.message.includes(names[0]!),
      );
      assert.deepEqual([asked, raw.version, [...raw.objectStoreNames]], [0, version, names]);
      for (const each of names) assert.equal(await raw.count(each), 1);
      raw.close();
      // Nothing of ours is in its way.
      const raised = await openDB(database, version + 1, { blocked: () => assert.fail("blocked") });
      raised.close();
      await deleteDB(database);
      assert.equal(await store.find("key"), undefined);
    });
  }
}

test("an empty database that was made by other code is bad-config, and stays as it is", async () => {
  const { store, database } = openIndexedDB();
  for (const version of [1, 2, 3, 9]) {
    const raw = await openDB(database, version);
    let asked = 0;
    raw.addEventListener("versionchange", () => asked++);
    assert.deepEqual(await codes([store.get("key"), store.set("key", utf8("1"))]), ["bad-config", "bad-config"]);
    await assert.rejects(store.find("key"), /expected one that a store has made, got an empty one$/);
    assert.deepEqual([asked, raw.version, [...raw.objectStoreNames]], [0, version, []]);
    raw.close();
  }
  await deleteDB(database);
  assert.equal(await store.find("key"), undefined);
});

test("a database of the first version, which had no marks, is raised, with what it has", async () => {
  const { store, database } = openIndexedDB();
  const raw = await openDB(database, 1, {
    upgrade: (raw) => void raw.createObjectStore("entries").createIndex("expiry", "e"),
  });
  await raw.put("entries", { v: utf8("kept") }, "key");
  raw.close();
  assert.equal(text(await store.get("key")), "kept");
  await store.set("key", utf8("new"));
  assert.equal(text(await store.get("key")), "new");
});

test("a database of a newer version of ours is unavailable, and stays as it is", async () => {
  const { store, database } = openIndexedDB();
  await store.set("key", utf8("1"));
  const raw = await openDB(database, 3);
  await assert.rejects(
    store.get("key"),
    (error) => isStoreError(error, "unavailable") && /VersionError/.test(error.message),
  );
  assert.equal(raw.version, 3);
  assert.equal(await raw.count("entries"), 1);
  raw.close();
});
