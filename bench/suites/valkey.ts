import { Redis } from "ioredis";
import { valkey } from "../../src/backends/valkey.ts";
import { startValkey } from "../../test/support/valkey.ts";
import type { Suite } from "../bench.ts";
import { load } from "../load.ts";
import type { Peer } from "../peer.ts";
import { runtimeOf } from "../runtimeOf.ts";
import { storePeer } from "../storePeer.ts";

/** What one would write by hand: the bare client, with its own pipelining of what is asked in one tick. */
function bare(name: string, client: Redis): Peer {
  return {
    name,
    set(key, value, ttl) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
      return ttl === undefined ? client.set(key, bytes) : client.set(key, bytes, "PX", ttl);
    },
    get: (key) => client.getBuffer(key),
  };
}

export const suite: Suite = async (bench) => {
  // A database of its own for each, so that none finds another's keys.
  const server = await startValkey({ config: ["appendonly no"] });
  const { server_name: kind = "redis", ...info } = Object.fromEntries(
    (await server.cli("info", "server")).split(/\r?\n/).map((line) => line.split(":")),
  ) as Record<string, string>;
  bench.ranOn(`${runtimeOf()[1]}, ${kind} ${info[`${kind}_version`]}`);
  const url = (database: number): string => `${server.url}/${database}`;
  const store = valkey({ url: url(0) });
  const clients = [new Redis(url(1), { enableAutoPipelining: true }), new Redis(url(2)), new Redis(url(3))] as const;
  const [pipelining, plain, byHand] = clients;
  const { createStorage } = await load("unstorage");
  const { default: redisDriver } = await load("unstorage/drivers/redis");
  const storage = createStorage({ driver: redisDriver({ url: url(4) }) });
  const mine = storePeer(store);
  const auto = bare("bare ioredis, pipelining by itself", pipelining);
  const single = bare("bare ioredis", plain);
  const hand: Peer = {
    ...bare("bare pipeline, by hand", byHand),
    async setAll(items) {
      const pipeline = byHand.pipeline();
      for (const [key, value] of items) pipeline.set(key, Buffer.from(value.buffer, value.byteOffset, value.length));
      await pipeline.exec();
    },
    async getAll(keys) {
      const pipeline = byHand.pipeline();
      for (const key of keys) pipeline.getBuffer(key);
      return (await pipeline.exec())!.map(([, value]) => value);
    },
  };
  const theirs: Peer = {
    name: "unstorage, redis driver",
    set: (key, value, ttl) => storage.setItemRaw(key, value, ttl && { ttl: ttl / 1000 }),
    // As text in base64.
    get: async (key) => new Uint8Array(await storage.getItemRaw(key)),
  };
  try {
    const burst = { calls: 10_000, callers: Infinity };
    await bench.measure("concurrent set, 100 B", [mine, auto, hand, theirs], { ...burst, what: "set" });
    await bench.measure("concurrent get, 100 B", [mine, auto, hand, theirs], { ...burst, what: "get" });
    const row = { calls: 2000, callers: 1 };
    await bench.measure("sequential set, 100 B", [mine, single, theirs], { ...row, what: "set" });
    await bench.measure("sequential get, 100 B", [mine, single, theirs], { ...row, what: "get" });
    const many = { calls: 10_000, callers: 64 };
    await bench.measure("64 callers, set, 100 B", [mine, auto], { ...many, what: "set" });
    await bench.measure("64 callers, get, 100 B", [mine, auto], { ...many, what: "get" });
    const mix = { ...many, what: "mix", ttl: 3_600_000 } as const;
    await bench.measure("mix: 64 callers, Zipf, 90 % get, half of the sets with a deadline", [mine, auto, theirs], mix);
    const megabytes = { calls: 20, callers: 1, size: 1 << 20 };
    await bench.measure("sequential set, 1 MiB", [mine, single, theirs], { ...megabytes, what: "set" });
    await bench.measure("sequential get, 1 MiB", [mine, single, theirs], { ...megabytes, what: "get" });
  } finally {
    await store.close();
    await storage.dispose();
    for (const client of clients) client.disconnect();
    await server.stop();
  }
};
