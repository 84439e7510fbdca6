import type { Suite } from "../bench.ts";
import { inProcess } from "../inProcess.ts";

const peers = [
  "shelflife",
  "shelflife, memory alone",
  "shelflife, the bundle",
  "unstorage",
  "keyv",
  "cacheable",
  "bentocache",
];

export const suite: Suite = async (bench) => {
  await inProcess(bench, "start.ts", {
    title: "import, open in memory, first value",
    peers: [...peers, "lru-cache", "@isaacs/ttlcache"],
    unit: "ms",
    rounds: bench.rounds,
  });
};
