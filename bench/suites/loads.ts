import { memory } from "../../src/backends/memory.ts";
import { getOrSet } from "../../src/over/getOrSet.ts";
import { json } from "../../src/views/json.ts";
import type { Suite } from "../bench.ts";
import { load } from "../load.ts";
import { profileOf, ttl } from "../memoryPeers.ts";
import { ours } from "../peer.ts";

/** A cache that loads what it does not have. */
interface Loader {
  get(key: string, load: () => Promise<unknown>): Promise<unknown>;
  close?(): unknown;
}

// Each keeps values apart from the callers': as JSON, or by copies.
const makes: Readonly<Record<string, () => Promise<Loader>>> = {
  async [ours]() {
    const store = memory({ sweepInterval: Infinity });
    const view = json<object>(store);
    return {
      get: (key, load) => getOrSet(view, key, load as () => Promise<object>, { ttl }),
      close: () => store.close(),
    };
  },
  async bentocache() {
    const [{ BentoCache, bentostore }, { memoryDriver }] = await Promise.all(
      ["bentocache", "bentocache/drivers/memory"].map(load),
    );
    const layer = memoryDriver({ maxItems: 250_000, serialize: true });
    const cache = new BentoCache({ default: "memory", ttl, stores: { memory: bentostore().useL1Layer(layer) } });
    return { get: (key, factory) => cache.getOrSet({ key, factory, ttl }) };
  },
  async "cache-manager"() {
    const { createCache } = await load("cache-manager");
    const cache = createCache({ ttl });
    return { get: (key, load) => cache.wrap(key, load, ttl) };
  },
  async cacheable() {
    const { Cacheable } = await load("cacheable");
    const cache = new Cacheable({ ttl });
    return { get: (key, load) => cache.getOrSet(key, load, { ttl }) };
  },
};

const keys = Array.from({ length: 1000 }, (_, index) => `user:${index}:profile`);

export const suite: Suite = async (bench) => {
  const peers = await bench.open(makes);
  let loads = 0;
  let round = 0;
  const loadOf = (index: number) => async (): Promise<unknown> => {
    loads++;
    return profileOf(index, 0);
  };

  /** Has a peer do some work, and checks how often that loaded. */
  async function counted(name: string, expected: number, work: () => Promise<unknown>): Promise<number> {
    loads = 0;
    const start = performance.now();
    await work();
    const took = performance.now() - start;
    if (loads !== expected) throw new Error(`${name} loaded ${loads} times, expected ${expected}`);
    return took;
  }

  await bench.compare("getOrSet, miss", 5000, peers, ({ name, get }) => {
    const own = `${++round}`;
    return counted(name, 5000, async () => {
      for (let index = 0; index < 5000; index++) await get(`${own}:${index}`, loadOf(index));
    });
  });
  for (const { get } of peers) for (const [index, key] of keys.entries()) await get(key, loadOf(index));
  await bench.compare("getOrSet, hit", 20_000, peers, ({ name, get }) =>
    counted(name, 0, async () => {
      for (let count = 0; count < 20_000; count++) await get(keys[count % 1000]!, loadOf(count));
    }),
  );
  await bench.compare("getOrSet, 1,000 callers of one key", 10_000, peers, ({ name, get }) => {
    const own = `${++round}`;
    return counted(name, 10, async () => {
      for (let index = 0; index < 10; index++) {
        const key = `${own}:many:${index}`;
        await Promise.all(Array.from({ length: 1000 }, () => get(key, loadOf(index))));
      }
    });
  });
  for (const { close } of peers) await close?.();
};
