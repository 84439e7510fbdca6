import "fake-indexeddb/auto";

// localForage looks for its media when it is loaded.
export const { quota } = fakeLocalStorage();
export const { default: forage } = await import("localforage");

/** The drivers that are proven here. */
export const drivers = { IndexedDB: forage.INDEXEDDB, localStorage: forage.LOCALSTORAGE };

let names = 0;

/** Returns an instance of its own. */
export const fresh = (driver: string, name = `test-${++names}`): LocalForage => forage.createInstance({ name, driver });

/** A Storage of so many UTF-16 units, for the driver that wants one. Browsers' own are tested in e2e. */
function fakeLocalStorage(): { quota: { units: number } } {
  const items = new Map<string, string>();
  let order: string[] | undefined;
  const quota = { units: Infinity };
  const localStorage: Storage = {
    get length() {
      return items.size;
    },
    key: (index) => (order ??= [...items.keys()])[index] ?? null,
    getItem: (key) => items.get(String(key)) ?? null,
    setItem(key, value) {
      if (quota.units !== Infinity && units(key, value) > quota.units)
        throw new DOMException("The quota has been exceeded", "QuotaExceededError");
      items.set(String(key), String(value));
      order = undefined;
    },
    removeItem(key) {
      items.delete(String(key));
      order = undefined;
    },
    clear() {
      items.clear();
      order = undefined;
    },
  };
  function units(key: string, value: string): number {
    return [...new Map([...items, [key, value]])].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  }

  Object.defineProperty(globalThis, "localStorage", { value: localStorage, configurable: true });
  return { quota };
}
