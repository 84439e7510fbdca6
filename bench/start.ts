// Says how many ms it takes from nothing to the first value: node bench/start.ts <peer>
import process from "node:process";
import { load } from "./load.ts";

interface Starting {
  set(key: string, value: Uint8Array): unknown;
  get(key: string): unknown;
}

const dist = new URL("../dist/", import.meta.url).href;

/** Imports what a peer needs and opens it. */
const starts: Readonly<Record<string, () => Promise<Starting>>> = {
  shelflife: async () => (await load(`${dist}index.js`)).memory(),
  "shelflife, memory alone": async () => (await load(`${dist}backends/memory.js`)).memory(),
  async "shelflife, the bundle"() {
    return (await load(`${dist}shelflife.min.js`)).memory();
  },
  async unstorage() {
    const storage = (await load("unstorage")).createStorage();
    return { set: (key, value) => storage.setItemRaw(key, value), get: (key) => storage.getItemRaw(key) };
  },
  async keyv() {
    const { Keyv } = await load("keyv");
    return new Keyv({ serialize: undefined, deserialize: undefined });
  },
  cacheable: async () => new (await load("cacheable")).Cacheable(),
  "lru-cache": async () => new (await load("lru-cache")).LRUCache({ max: 1000 }),
  "@isaacs/ttlcache": async () => new (await load("@isaacs/ttlcache")).TTLCache({ max: 1000, ttl: 60_000 }),
  async bentocache() {
    const [{ BentoCache, bentostore }, { memoryDriver }] = await Promise.all(
      ["bentocache", "bentocache/drivers/memory"].map(load),
    );
    const store = bentostore().useL1Layer(memoryDriver({ maxItems: 1000, serialize: false }));
    const bento = new BentoCache({ default: "memory", stores: { memory: store } });
    return { set: (key, value) => bento.set({ key, value }), get: (key) => bento.get({ key }) };
  },
};

const value = new Uint8Array(100).fill(65);
const start = performance.now();
const peer = await starts[process.argv[2]!]!();
await peer.set("first", value);
const found = (await peer.get("first")) as Uint8Array | undefined;
const took = performance.now() - start;
if (found?.length !== 100) throw new Error("The first value is not there");
process.send!({ measured: took });
process.exit();
