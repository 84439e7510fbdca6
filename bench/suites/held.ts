import type { Suite } from "../bench.ts";
import { inProcess } from "../inProcess.ts";
import { bytes } from "../memoryPeers.ts";

export const suite: Suite = async (bench) => {
  const entries = 200_000;
  await inProcess(bench, "held.ts", {
    title: "200,000 entries of 100 B",
    // What answers at once holds the same as behind a promise.
    peers: Object.keys(bytes),
    unit: "bytes an entry",
    rounds: Math.min(3, bench.rounds),
    args: [String(entries)],
  });
};
