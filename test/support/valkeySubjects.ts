import type { valkey } from "../../src/backends/valkey.ts";
import type { Feature, Subject } from "../../src/testing.ts";
import { startValkey } from "./valkey.ts";
import { startCluster } from "./valkeyCluster.ts";

export const valkeyCan: readonly Feature[] = [
  "atomic",
  "transact",
  "list",
  "sweep",
  "watch",
  "bytes",
  "shared",
  "persistent",
];

/** The subjects on real servers, one and a cluster, which start when a case first opens a store on them. */
export function valkeySubjects(open: typeof valkey): { subjects: Subject[]; stop(): Promise<void> } {
  const stops: (() => Promise<void>)[] = [];

  /** The media of a subject are parts of the servers' one space of names. */
  function subject(name: string, start: () => Promise<Parameters<typeof valkey>[0]>): Subject {
    let starting: ReturnType<typeof start> | undefined;
    return {
      name,
      // The keys of a cluster are in many slots.
      can: valkeyCan.filter((feature) => feature !== "transact" || !name.includes("cluster")),
      // A race costs several round trips each round.
      rounds: 100,
      isScattered: name.includes("cluster"),
      open: async (medium, options) => open({ ...options, ...(await (starting ??= start())), prefix: `${medium}/` }),
    };
  }

  return {
    subjects: [
      subject("valkey", async () => {
        const server = await startValkey();
        stops.push(server.stop);
        return { url: server.url };
      }),
      subject("valkey cluster", async () => {
        const servers = await startCluster();
        stops.push(servers.stop);
        return { url: servers.urls, cluster: true };
      }),
    ],
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}
