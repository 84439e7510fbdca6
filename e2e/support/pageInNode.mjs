// Gives a program in Node what a page has: IndexedDB, as fake-indexeddb has it, two Storages, and an estimate of the room.
import "fake-indexeddb/auto";

/** Returns a Storage of this process alone. Its items are its properties, as in a page. */
function createStorage() {
  const methods = {
    getItem: (name) => (Object.hasOwn(storage, name) ? storage[name] : null),
    setItem: (name, text) => void (storage[name] = String(text)),
    removeItem: (name) => void delete storage[name],
    key: (index) => Object.keys(storage)[index] ?? null,
  };
  const storage = Object.create(Object.freeze({ ...methods, get length() { return Object.keys(storage).length; } })); // prettier-ignore
  return storage;
}

for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(globalThis, name, { value: createStorage(), configurable: true });

const storage = { estimate: async () => ({ usage: 1000, quota: 1_000_000 }), persisted: async () => true };
Object.defineProperty(globalThis, "navigator", { value: { storage }, configurable: true });
