// What an app may have of IndexedDB, each with one object store, "values".
import { load } from "../../test/peers/load.ts";

const peers = "/test/peers/node_modules";
const { Dexie } = await load(`${peers}/dexie/dist/modern/dexie.mjs`);
export const keyval = await load(`${peers}/idb-keyval/dist/index.js`);

/** Opens a database by IndexedDB alone. */
export function native(name: string, version = 1): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = ({ oldVersion }) => void (oldVersion || request.result.createObjectStore("values"));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Returns a database of Dexie's, which opens it when it is used. */
export function dexie(name: string): any {
  const database = new Dexie(name);
  database.version(1).stores({ values: "" });
  return database;
}
