import "fake-indexeddb/auto";
import { indexeddb, upgradeStore } from "../../../src/backends/indexeddb.ts";
import * as testing from "../../../src/testing.ts";
import { defineCases } from "../../support/defineCases.ts";

/** Opens a database as an app does that has an object store of its own, too. */
function openApp(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("app");
      upgradeStore(request.result, "shelf");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

defineCases(testing, [
  {
    name: "indexeddb in the app's database",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    open: async (name, options) => indexeddb({ ...options, database: await openApp(name), storeName: "shelf" }),
  },
]);
