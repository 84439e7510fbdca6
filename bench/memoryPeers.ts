import { memory } from "../src/backends/memory.ts";
import { json } from "../src/views/json.ts";
import { load } from "./load.ts";
import { ours, type Item, type Peer } from "./peer.ts";
import { listKeys } from "./storePeer.ts";

interface Profile {
  readonly name: string;
  readonly index: number;
  readonly round: number;
  readonly tags: readonly string[];
}

/** What does more than a work of sets and gets. */
interface MemoryPeer extends Omit<Peer, "name"> {
  /** The better way to do many at once, where there is one. */
  setMany?(items: readonly Item[]): unknown;
  getMany?(keys: readonly string[]): unknown[] | Promise<unknown[]>;
  keys?(): readonly string[] | Promise<readonly string[]>;
}

type Makes = Readonly<Record<string, () => Promise<MemoryPeer>>>;

/** The deadline of what is set: ms. */
export const ttl = 3_600_000;
// More than is ever put in.
const room = 250_000;

/** An object of about 100 bytes of JSON. */
export function profileOf(index: number, round: number): Profile {
  return { name: `user number ${index}`, index, round, tags: ["reader", "writer", "someone who is seldom here"] };
}

/** The least that a store with an asynchronous interface can do. */
function bareMap(): MemoryPeer {
  const map = new Map<string, unknown>();
  return {
    set: async (key, value) => void map.set(key, value),
    get: async (key) => map.get(key),
    keys: () => [...map.keys()],
  };
}

/** The same, if bytes are to be the caller's own on both sides. */
function copyingMap(): MemoryPeer {
  const map = new Map<string, Uint8Array>();
  return {
    set: async (key, value) => void map.set(key, new Uint8Array(value)),
    get: async (key) => {
      const value = map.get(key);
      return value && new Uint8Array(value);
    },
    keys: () => [...map.keys()],
  };
}

async function bento(serialize: boolean): Promise<MemoryPeer> {
  const [{ BentoCache, bentostore }, { memoryDriver }] = await Promise.all(
    ["bentocache", "bentocache/drivers/memory"].map(load),
  );
  const layer = memoryDriver({ maxItems: room, serialize });
  const cache = new BentoCache({ default: "memory", ttl: null, stores: { memory: bentostore().useL1Layer(layer) } });
  return {
    // Where it is given as undefined, it takes 30 s.
    set: (key, value, life) => cache.set(life ? { key, value, ttl: life } : { key, value }),
    get: (key) => cache.get({ key }),
  };
}

/** Opens those that keep any value, to keep bytes. */
export const bytes: Makes = {
  async [ours]() {
    const store = memory({ sweepInterval: Infinity });
    return {
      set: (key, value) => store.set(key, value),
      get: (key) => store.find(key),
      keys: () => listKeys(store),
      close: () => store.close(),
    };
  },
  "bare Map behind one await": async () => bareMap(),
  "bare Map that copies, behind one await": async () => copyingMap(),
  async "unstorage, memory driver"() {
    const { createStorage } = await load("unstorage");
    const storage = createStorage();
    return {
      set: (key, value) => storage.setItemRaw(key, value),
      get: (key) => storage.getItemRaw(key),
      keys: () => storage.getKeys(),
    };
  },
  async keyv() {
    const { Keyv } = await load("keyv");
    const keyv = new Keyv({ serialize: undefined, deserialize: undefined });
    return { set: (key, value) => keyv.set(key, value), get: (key) => keyv.get(key) };
  },
  async cacheable() {
    const { Cacheable } = await load("cacheable");
    const cacheable = new Cacheable();
    return { set: (key, value) => cacheable.set(key, value), get: (key) => cacheable.get(key) };
  },
  bentocache: () => bento(false),
  async "lru-cache behind one await"() {
    const { LRUCache } = await load("lru-cache");
    const cache = new LRUCache({ max: room });
    return {
      set: (key, value) => cache.set(key, value),
      get: (key) => cache.get(key),
      keys: () => [...cache.keys()],
    };
  },
  async "@isaacs/ttlcache behind one await"() {
    const { TTLCache } = await load("@isaacs/ttlcache");
    const cache = new TTLCache({ max: room, ttl });
    return {
      set: (key, value) => cache.set(key, value),
      get: (key) => cache.get(key),
      keys: () => [...cache.keys()],
      close: () => cache.clear(),
    };
  },
};

/** Has a cache that answers at once keep JSON, as the others do. */
function ofText(cache: {
  get(key: string): string | undefined;
  set(key: string, text: string, life: object): unknown;
}) {
  return {
    set: (key: string, value: unknown, life = Infinity) => cache.set(key, JSON.stringify(value), { ttl: life }),
    get(key: string): unknown {
      const text = cache.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
  };
}

/** Opens those that keep deadlines, or take them, to keep values that are JSON. */
export const values: Makes = {
  async [ours]() {
    const store = json<Profile>(memory({ sweepInterval: Infinity }));
    return {
      set: (key, value, life) => store.set(key, value, { ttl: life }),
      get: (key) => store.find(key),
      setMany: (items) => store.setMany(items.map(([key, value, life]) => [key, value, { ttl: life }] as const)),
      getMany: (keys) => store.findMany(keys),
      close: () => store.close(),
    };
  },
  // Its driver for memory keeps no deadlines.
  async "unstorage, memory driver"() {
    const { createStorage } = await load("unstorage");
    const storage = createStorage();
    return {
      set: (key, value, life) => storage.setItem(key, value, life && { ttl: life / 1000 }),
      get: (key) => storage.getItem(key),
      setMany: (items) =>
        storage.setItems(items.map(([key, value, life]) => ({ key, value, options: life && { ttl: life / 1000 } }))),
      getMany: async (keys) => ((await storage.getItems(keys)) as { value: unknown }[]).map(({ value }) => value),
    };
  },
  async keyv() {
    const { Keyv } = await load("keyv");
    const keyv = new Keyv();
    return {
      set: (key, value, life) => keyv.set(key, value, life),
      get: (key) => keyv.get(key),
      setMany: (items) => keyv.setMany(items.map(([key, value, life]) => ({ key, value, ttl: life }))),
      getMany: (keys) => keyv.getMany(keys),
    };
  },
  async cacheable() {
    const { Cacheable } = await load("cacheable");
    const cacheable = new Cacheable();
    return {
      set: (key, value, life) => cacheable.set(key, value, life),
      get: (key) => cacheable.get(key),
      setMany: (items) => cacheable.setMany(items.map(([key, value, life]) => ({ key, value, ttl: life }))),
      getMany: (keys) => cacheable.getMany(keys),
    };
  },
  bentocache: () => bento(true),
  async "lru-cache behind one await, JSON by hand"() {
    const { LRUCache } = await load("lru-cache");
    const cache = ofText(new LRUCache({ max: room, ttlAutopurge: false }));
    return { ...cache, set: (key, value, life = 0) => cache.set(key, value, life) };
  },
  async "@isaacs/ttlcache behind one await, JSON by hand"() {
    const { TTLCache } = await load("@isaacs/ttlcache");
    const cache = new TTLCache({ max: room });
    return { ...ofText(cache), close: () => cache.clear() };
  },
};
