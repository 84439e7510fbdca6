// The Cases on a store in a database that the page opened itself.
import { indexeddb, upgradeStore } from "shelflife/backends/indexeddb";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";

function openApp(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => upgradeStore(request.result, "shelf");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

defineCases(testing, [
  {
    name: "indexeddb in the app's database",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    // A race costs several transactions each round.
    rounds: 100,
    open: async (name, options) => indexeddb({ ...options, database: await openApp(name), storeName: "shelf" }),
  },
]);
