import { quote, StoreError } from "../../core/error.ts";
import { expiryIndex } from "./listing.ts";

/** The object store of the entries. */
export const storeName = "entries";
/** The object store of the marks. */
export const markStore = "marks";
// The first had no marks.
const version = 2;
// What a database of each version consists of. Written out: a bundler would leave a template in the bundles of other backends.
const first = "entries null false expiry e";
const second = "entries null false expiry e,marks null true";

/**
 * Opens a database that a store has made, or makes it. One that something else has made is refused with `bad-config` and stays
 * as it is: its version is not raised, and none of its connections is asked to make way.
 */
export async function openOurs(name: string): Promise<IDBDatabase> {
  // Without a version what is there is opened as it is.
  const found = await request(name).catch((error: unknown) => {
    if (error) throw error;
  });
  if (found) {
    const shape = shapeOf(found);
    if (found.version === version && shape === second) return found;
    found.close();
    // A newer version's is for the browser to refuse.
    if (found.version > version ? !shape.startsWith(second) : shape !== first) {
      const got = shape ? quote(shape) : "an empty one";
      const message = `Cannot open database ${quote(name)}: expected one that a store has made, got ${got}`;
      throw new StoreError("bad-config", message);
    }
  }
  return request(name, version);
}

/** Makes or raises a database if a version is named. Rejects with nothing if there is none, or another than was found. */
function request(name: string, version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result, transaction } = request;
      if (!version || (oldVersion && shapeOf(result, transaction!) !== first)) {
        transaction!.abort();
        return reject();
      }
      if (!oldVersion) result.createObjectStore(storeName).createIndex(expiryIndex, "e");
      result.createObjectStore(markStore, { autoIncrement: true });
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}

/** What a database consists of, or of it what a transaction is about, as text. */
export function shapeOf(whole: IDBDatabase | IDBTransaction, transaction?: IDBTransaction): string {
  const names = Array.from(whole.objectStoreNames);
  if (names.length) transaction ??= (whole as IDBDatabase).transaction(names);
  const shapes = names.map((name) => {
    const store = transaction!.objectStore(name);
    const indexes = Array.from(store.indexNames, (name) => ` ${name} ${store.index(name).keyPath}`);
    return `${name} ${store.keyPath} ${store.autoIncrement}${indexes.join("")}`;
  });
  return shapes.join();
}
