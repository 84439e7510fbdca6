import { until } from "./until.ts";
import { several, startValkey, together, type ValkeyServer, type ValkeyServers } from "./valkey.ts";

/** A server with a replica, and the sentinels that watch over them under a name. */
export interface Watched extends ValkeyServers {
  readonly masterName: string;
  readonly sentinels: readonly ValkeyServer[];
  /** The server that the sentinels name. */
  master(): Promise<ValkeyServer>;
  /** Has the sentinels put the replica in the place of a server that is dead, and resolves when all of them name it. */
  replace(dead: ValkeyServer): Promise<void>;
}

// How often sentinels look and talk, which is once in some seconds otherwise: ms.
const periods = ["info-period", "500", "publish-period", "100"];

/** Starts a server, its replica, and three sentinels. */
export async function startSentinel(): Promise<Watched> {
  const masterName = "shelf";
  const master = await startValkey();
  const replica = await startValkey({ config: [`replicaof 127.0.0.1 ${master.port}`] });
  await until(async () => (await replica.cli("info", "replication")).includes("link_status:up"));
  const config = [
    `sentinel monitor ${masterName} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${masterName} 600000`,
  ];
  const nodes = [master, replica];
  const sentinels = await together(Array.from({ length: 3 }, () => startValkey({ config, program: "sentinel" })));
  await Promise.all(sentinels.map((each) => each.cli("sentinel", "debug", ...periods)));
  for (const each of sentinels) {
    // They know one another, and the replica.
    await until(async () =>
      /num-slaves\n1\n[^]*num-other-sentinels\n2\n/.test(await each.cli("sentinel", "master", masterName)),
    );
  }

  /** The ports of the servers that the sentinels name. */
  function named(): Promise<string[]> {
    return Promise.all(
      sentinels.map(
        async (each) => (await each.cli("sentinel", "get-master-addr-by-name", masterName)).split("\n")[1]!,
      ),
    );
  }

  return {
    masterName,
    nodes,
    sentinels,
    urls: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    async master() {
      const [port] = await named();
      return nodes.find((node) => String(node.port) === port)!;
    },
    async replace(dead) {
      // Left to themselves they may fail to agree again and again, and begin anew in some seconds each time.
      await until(async () => (await sentinels[0]!.cli("sentinel", "failover", masterName)) === "OK");
      await until(async () => (await named()).every((port) => port !== String(dead.port)));
    },
    stop: several([...nodes, ...sentinels]).stop,
  };
}
