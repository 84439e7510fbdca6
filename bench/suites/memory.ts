import { memory } from "../../src/backends/memory.ts";
import { json } from "../../src/core/json.ts";
import { load, ours, type How, type Peer, type Suite } from "../bench.ts";

interface Profile {
  readonly name: string;
  readonly index: number;
  readonly round: number;
  readonly tags: readonly string[];
}

const ttl = 3_600_000;

/** An object of about 100 bytes of JSON. */
function profileOf(index: number, round: number): Profile {
  return { name: `user number ${index}`, index, round, tags: ["reader", "writer", "someone who is seldom here"] };
}

/** The least that a store with an asynchronous interface can do. */
function bareMap(): Peer {
  const map = new Map<string, Uint8Array>();
  return {
    name: "bare Map behind one await",
    set: async (key, value) => void map.set(key, value),
    get: async (key) => map.get(key),
  };
}

function peersForBytes(packages: Packages): Peer[] {
  const store = memory({ sweepInterval: Infinity });
  const storage = packages.createStorage();
  const keyv = new packages.Keyv({ serialize: undefined, deserialize: undefined });
  const lru = new packages.LRUCache({ max: 100_000 });
  const timed = new packages.TTLCache({ max: 100_000, ttl });
  return [
    { name: ours, set: (key, value) => store.set(key, value), get: (key) => store.find(key) },
    bareMap(),
    {
      name: "unstorage, memory driver",
      set: (key, value) => storage.setItemRaw(key, value),
      get: (key) => storage.getItemRaw(key),
    },
    { name: "keyv", set: (key, value) => keyv.set(key, value), get: (key) => keyv.get(key) },
    { name: "lru-cache (synchronous)", set: (key, value) => lru.set(key, value), get: (key) => lru.get(key) },
    {
      name: "@isaacs/ttlcache (synchronous)",
      set: (key, value) => timed.set(key, value),
      get: (key) => timed.get(key),
    },
  ];
}

function peersForJson(packages: Packages): Peer[] {
  const store = json<Profile>(memory({ sweepInterval: Infinity }));
  const storage = packages.createStorage();
  const keyv = new packages.Keyv();
  const cacheable = new packages.Cacheable({ ttl });
  return [
    { name: ours, set: (key, value) => store.set(key, value as never, { ttl }), get: (key) => store.find(key) },
    // Its driver for memory keeps no deadlines.
    {
      name: "unstorage, memory driver",
      set: (key, value) => storage.setItem(key, value, { ttl: ttl / 1000 }),
      get: (key) => storage.getItem(key),
    },
    { name: "keyv", set: (key, value) => keyv.set(key, value, ttl), get: (key) => keyv.get(key) },
    { name: "cacheable", set: (key, value) => cacheable.set(key, value, ttl), get: (key) => cacheable.get(key) },
  ];
}

type Packages = Awaited<ReturnType<typeof loadAll>>;

async function loadAll() {
  const [{ createStorage }, { Keyv }, { LRUCache }, { TTLCache }, { Cacheable }] = await Promise.all(
    ["unstorage", "keyv", "lru-cache", "@isaacs/ttlcache", "cacheable"].map(load),
  );
  return { createStorage, Keyv, LRUCache, TTLCache, Cacheable };
}

export const suite: Suite = async (bench) => {
  const packages = await loadAll();
  const row: Pick<How, "calls" | "callers"> = { calls: 20_000, callers: 1 };
  const bytes = peersForBytes(packages);
  await bench.measure("sequential set, 100 B", bytes, { ...row, what: "set" });
  await bench.measure("sequential get, 100 B", bytes, { ...row, what: "get" });
  await bench.measure("sequential get of what is not there", bytes, { ...row, what: "get", misses: true });
  const values = peersForJson(packages);
  await bench.measure("sequential set, JSON with a ttl", values, { ...row, what: "set", make: profileOf });
  await bench.measure("sequential get, JSON with a ttl", values, { ...row, what: "get", make: profileOf });
};
