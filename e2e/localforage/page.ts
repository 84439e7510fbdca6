// Gives a tab what e2e/localforage/localforage.test.ts does in it: a store over an instance of the page's localForage.
import forage from "localforage";
import { json, type Store } from "shelflife";
import { localforage } from "shelflife/adapters/localforage";

export type Driver = "INDEXEDDB" | "LOCALSTORAGE";

const instance = (driver: Driver, name: string): LocalForage => forage.createInstance({ name, driver: forage[driver] });
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);
const seen: string[] = [];

export const tab = {
  async increment(driver: Driver, name: string, times: number): Promise<void> {
    const store = localforage(instance(driver, name));
    for (let count = 0; count < times; count++) await store.increment("count");
    await store.close();
  },

  read: (driver: Driver, name: string, key: string): Promise<unknown> => instance(driver, name).getItem(key),

  list: async (driver: Driver, name: string): Promise<string[]> =>
    (await localforage(instance(driver, name)).list()).entries.map(({ key }) => key),

  async writeExpiring(driver: Driver, name: string, count: number): Promise<void> {
    const store = localforage(instance(driver, name));
    await store.setMany(Array.from({ length: count }, (_, index) => [`${index}`, utf8("old"), { ttl: 1 }]));
  },

  /** Reads what has expired, which removes it. */
  async readAll(driver: Driver, name: string, count: number): Promise<void> {
    const store = localforage(instance(driver, name));
    for (let index = 0; index < count; index++) await store.find(`${index}`);
    await store.sweep();
  },

  async refreshAll(driver: Driver, name: string, count: number): Promise<void> {
    const store = localforage(instance(driver, name));
    for (let index = 0; index < count; index++) await store.set(`${index}`, utf8("fresh"));
  },

  /** Resolves with what the store reads of the app's own values, and the app of the store's. */
  async adopt(driver: Driver): Promise<Record<string, unknown>> {
    const app = instance(driver, "adopted");
    const store = localforage(app);
    await app.setItem("object", { name: "Ada", tags: ["a"] });
    await app.setItem("text", "ü");
    await app.setItem("buffer", Uint8Array.of(1, 2, 255).buffer);
    await app.setItem("floats", Float32Array.of(1.5));
    await app.setItem("blob", new Blob(["photo"], { type: "image/png" }));
    await json(store).set("ours", { age: 36 });
    await store.set("bytes", Uint8Array.of(0, 255));
    await store.set("mortal", utf8("m"), { ttl: 60_000 });
    return {
      object: await json(store).get("object"),
      text: await json(store).get("text"),
      buffer: [...(await store.get("buffer"))],
      floats: [...(await store.get("floats"))],
      blob: text(await store.get("blob")),
      ours: await app.getItem("ours"),
      bytes: [...((await app.getItem<Uint8Array>("bytes")) ?? [])],
      mortal: text(await store.get("mortal")),
      keys: (await store.list()).entries.map(({ key, size }) => `${key} ${size}`),
    };
  },

  /** Fills the origin with values of a size until it refuses. */
  async fill(driver: Driver, size: number): Promise<Record<string, unknown>> {
    const app = instance(driver, "full");
    const store = localforage(app);
    const noise = (seed: number): Uint8Array => {
      const bytes = crypto.getRandomValues(new Uint8Array(65_536));
      return Uint8Array.from({ length: size }, (_, index) => bytes[index % bytes.length]! + seed);
    };
    const outcome = (call: Promise<unknown>): Promise<string> =>
      call.then(
        () => "ok",
        (error: { code: string }) => error.code,
      );
    const sum = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0);
    await store.set("old", utf8("old"));
    const sums: number[] = [];
    let refused = "";
    while (!refused && sums.length < 200) {
      const value = noise(sums.length);
      const came = await outcome(store.set(`${sums.length}`, value));
      if (came === "ok") sums.push(sum(value));
      else refused = came;
    }
    const replaced = await outcome(store.set("old", noise(0)));
    const many = await outcome(
      store.setMany([
        ["many", utf8("1")],
        ["old", noise(0)],
      ]),
    );
    const small = await outcome(store.set("small", utf8("small")));
    const values = await Promise.all(sums.map((_, index) => store.get(`${index}`)));
    const result = {
      refused,
      replaced,
      many: [many, await store.has("many")],
      small,
      old: text(await store.get("old")),
      isIntact: sums.length >= 5 && values.every((value, index) => sum(value) === sums[index]),
      roomAgain: (await outcome(store.delete("0"))) + (await outcome(store.set("again", noise(1)))),
    };
    await store.clear();
    return result;
  },

  /** Begins to watch, and leaves what is reported where `changes` finds it. */
  async watch(driver: Driver, name: string): Promise<void> {
    const store: Store = localforage(instance(driver, name));
    const changes = store.watch();
    void (async () => {
      for await (const change of changes) {
        seen.push(change.type === "resync" ? change.type : `${change.type} ${change.key}`);
      }
    })();
    await store.has("anything");
  },

  changes: (): string[] => seen,

  /** Empties localStorage. */
  clear: (): void => localStorage.clear(),

  async change(driver: Driver, name: string): Promise<void> {
    const store = localforage(instance(driver, name));
    await store.set("a", utf8("1"));
    await store.increment("n");
    await store.delete("a");
    await store.clear();
  },
};

Object.assign(globalThis, { tab });
