import { freePort } from "./freePort.ts";
import { until } from "./until.ts";
import { several, startValkey, together, type ValkeyServer, type ValkeyServers } from "./valkey.ts";

const slots = 16_384;
const masters = 3;

/** A node of a cluster with the port on which nodes talk to one another. */
interface Node extends ValkeyServer {
  readonly bus: number;
}

// How long a node may be silent before the others give it up: on a machine that is held up, one that lives is silent too.
const patient = 60_000;
const impatient = 1000;

export interface ValkeyCluster extends ValkeyServers {
  /** Has the others put a replica in the place of a node that is dead, and resolves when the cluster is whole again. */
  replace(dead: ValkeyServer): Promise<void>;
}

/** Starts a cluster of three nodes, each with as many replicas as asked for. */
export async function startCluster({ replicas = 0, config = [] as readonly string[] } = {}): Promise<ValkeyCluster> {
  const starting = Array.from({ length: masters * (1 + replicas) }, async (): Promise<Node> => {
    const bus = await freePort();
    const lines = [
      "cluster-enabled yes",
      `cluster-port ${bus}`,
      `cluster-node-timeout ${patient}`,
      "cluster-replica-validity-factor 0",
      ...config,
    ];
    return { ...(await startValkey({ config: lines })), bus };
  });
  const nodes = await together(starting);
  const all = several(nodes);
  try {
    await introduce(nodes);
    await assign(nodes);
    return { ...all, replace: (dead) => replace(nodes.filter((node) => node.port !== dead.port)) };
  } catch (error) {
    await all.stop();
    throw error;
  }
}

/** Has all nodes know one another. By themselves those who met one would take seconds. */
async function introduce(nodes: readonly Node[]): Promise<void> {
  const meet = (node: Node, { port, bus }: Node): Promise<string> => node.cli("cluster", "meet", "127.0.0.1", String(port), String(bus)); // prettier-ignore
  await Promise.all(nodes.flatMap((node, at) => nodes.slice(0, at).map((other) => meet(node, other))));
  for (const node of nodes) {
    await until(async () => {
      const known = (await node.cli("cluster", "nodes")).split("\n");
      return known.length === nodes.length && !known.some((line) => /fail|handshake/.test(line));
    });
  }
}

/** Shares the slots among the first nodes, which the others follow. */
async function assign(nodes: readonly Node[]): Promise<void> {
  const bound = (number: number): number => Math.floor((slots * number) / masters);
  await Promise.all(
    nodes.slice(0, masters).map(async (node, at) => {
      await node.cli("cluster", "addslotsrange", String(bound(at)), String(bound(at + 1) - 1));
    }),
  );
  await Promise.all(
    nodes.slice(masters).map(async (node, at) => {
      const id = await nodes[at % masters]!.cli("cluster", "myid");
      await node.cli("cluster", "replicate", id);
      await until(async () => (await node.cli("info", "replication")).includes("master_link_status:up"));
    }),
  );
  await untilWhole(nodes);
}

async function replace(living: readonly Node[]): Promise<void> {
  const wait = (ms: number): Promise<unknown> =>
    Promise.all(living.map((node) => node.cli("config", "set", "cluster-node-timeout", String(ms))));
  await wait(impatient);
  await until(async () => {
    const infos = await Promise.all(living.map((node) => node.cli("info", "replication")));
    return infos.filter((info) => info.includes("role:master")).length === masters;
  });
  await untilWhole(living);
  await wait(patient);
}

async function untilWhole(nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) {
    await until(async () => {
      const info = await node.cli("cluster", "info");
      return info.includes("cluster_state:ok") && info.includes(`cluster_slots_ok:${slots}`);
    });
  }
}
