import { memory } from "../../src/backends/memory.ts";
import type { Suite } from "../bench.ts";
import { load } from "../load.ts";
import { ours } from "../peer.ts";
import { randomOf, zipf } from "../random.ts";

/** A cache with room for so many entries. */
interface Cache {
  get(key: string): unknown;
  set(key: string, value: Uint8Array): unknown;
  close?(): unknown;
}

type Made = (room: number) => Cache;

const keyCount = 20_000;
const length = 200_000;
const rooms = [1, 5, 10, 20];
const keys = Array.from({ length: 2 * keyCount }, (_, index) => `user:${index}:profile`);
const value = new Uint8Array(100);

/** Requests as indexes of keys, each trace the same in every run. */
const traces: Record<string, () => Uint32Array> = {
  "Zipf 0.6": () => often(0.6),
  "Zipf 0.8": () => often(0.8),
  "Zipf 1.0": () => often(1),
  "Zipf 1.2": () => often(1.2),
  /** Every so often someone reads a quarter of what nobody else wants, once, in a row. */
  "Zipf 1.0 with scans"() {
    const trace = often(1);
    const scan = keyCount / 4;
    for (let from = 20_000, next = 0; from + scan <= length; from += 20_000, next += scan)
      for (let step = 0; step < scan; step++) trace[from + step] = keyCount + ((next + step) % keyCount);
    return trace;
  },
  /** What is wanted the most changes ten times. */
  "Zipf 1.0, drifting": () => often(1, (index, at) => (index + Math.floor(at / 20_000) * 500) % keyCount),
  /** Half of it goes through an eighth of the keys, again and again. */
  "Zipf 1.0 among a loop": () => often(1, (index, at) => (at % 2 ? keyCount + ((at >> 1) % (keyCount / 8)) : index)),
  "a loop": () => Uint32Array.from({ length }, (_, at) => at % keyCount),
};

function often(skew: number, move = (index: number, _at: number): number => index): Uint32Array {
  const random = randomOf(1);
  const pick = zipf(keyCount, skew);
  return Uint32Array.from({ length }, (_, at) => move(pick(random()), at));
}

/** Asks for what a trace wants, and sets what is missed. Resolves with how many were found. */
async function follow(cache: Cache, trace: Uint32Array): Promise<number> {
  let hits = 0;
  for (const index of trace) {
    const key = keys[index]!;
    if ((await cache.get(key)) !== undefined) hits++;
    else await cache.set(key, value);
  }
  return hits;
}

const caches: Record<string, () => Promise<{ make: Made }>> = {
  [`${ours} (SIEVE)`]: async () => ({
    make(maxEntries) {
      const store = memory({ maxEntries, sweepInterval: Infinity });
      return {
        get: (key) => store.find(key),
        set: (key, value) => store.set(key, value),
        close: () => store.close(),
      };
    },
  }),
  async "lru-cache behind one await"() {
    const { LRUCache } = await load("lru-cache");
    return { make: (max) => new LRUCache({ max }) as Cache };
  },
  async "@isaacs/ttlcache behind one await"() {
    const { TTLCache } = await load("@isaacs/ttlcache");
    return {
      make(max) {
        const cache = new TTLCache({ max, ttl: 3_600_000 });
        return {
          get: (key) => cache.get(key),
          set: (key, value) => cache.set(key, value),
          close: () => cache.cancelTimer(),
        };
      },
    };
  },
};

type Peer = { readonly name: string; readonly make: Made };

/** Lets a fresh cache follow a trace: resolves with the hits of a hundred, and the ms that it took. */
async function measure({ make }: Peer, trace: Uint32Array, room: number): Promise<{ hits: number; took: number }> {
  const cache = make((keyCount * room) / 100);
  const start = performance.now();
  const hits = await follow(cache, trace);
  const took = performance.now() - start;
  await cache.close?.();
  return { hits: (100 * hits) / length, took };
}

export const suite: Suite = async (bench) => {
  const peers = bench.wanted(await bench.open(caches));
  for (const [name, make] of Object.entries(traces)) {
    const trace = make();
    for (const room of rooms) {
      const title = `${name}, room for ${room} %`;
      if (!bench.isWanted(title)) continue;
      const found = new Map<string, number[]>();
      // Once: it is the same every time.
      for (const peer of peers) found.set(peer.name, [(await measure(peer, trace, room)).hits]);
      bench.note(title, length, found, { unit: "% hits" });
    }
  }
  const trace = traces["Zipf 1.0"]!();
  const title = "following Zipf 1.0, room for 10 %";
  await bench.compare(title, length, peers, async (peer) => (await measure(peer, trace, 10)).took);
};
