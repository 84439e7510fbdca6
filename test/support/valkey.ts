// Starts real servers of Redis on loopback: one, a cluster, or one that sentinels watch.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

/** A server that runs, and that can be made to fail. */
export interface ValkeyServer {
  readonly port: number;
  readonly url: string;
  /** Does what redis-cli is asked for, and returns what it prints. */
  cli(...args: string[]): Promise<string>;
  /** Ends the process at once, and keeps its files. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and files. */
  restart(): Promise<void>;
  /** Holds the process up: it takes connections, and answers nothing. */
  pause(): void;
  resume(): void;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

/** Several servers that are one. */
export interface ValkeyServers {
  readonly urls: string[];
  readonly nodes: readonly ValkeyServer[];
  stop(): Promise<void>;
}

export interface StartOptions {
  /** More lines of the configuration. */
  readonly config?: readonly string[];
  /** Of one whose port is by TLS: what redis-cli needs. */
  readonly cliArgs?: readonly string[];
  readonly program?: "server" | "sentinel";
  readonly scheme?: string;
  /** The line that says the port. */
  readonly listen?: (port: number) => string;
}

const run = promisify(execFile);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
// How long a server may take to start, or several to find one another: ms.
const patience = 30_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Finds a port that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits for something to be so, and says what if it never is. */
export async function until(what: string, isSo: () => Promise<unknown>): Promise<void> {
  const since = Date.now();
  while (!(await isSo())) {
    if (Date.now() - since > patience) throw new Error(`Expected ${what} within ${patience} ms`);
    await pause(25);
  }
}

/** Starts one server. */
export async function startValkey({
  config = [],
  cliArgs = [],
  program = "server",
  scheme = "redis",
  listen = (port) => `port ${port}`,
}: StartOptions = {}): Promise<ValkeyServer> {
  const folder = await mkdtemp(join(tmpdir(), "shelflife-valkey-"));
  const file = join(folder, "server.conf");
  const port = await freePort();
  const kept = program === "server" ? ['save ""', "appendonly yes", "appendfsync always"] : [];
  const lines = [
    listen(port),
    "bind 127.0.0.1",
    `dir ${folder}`,
    "daemonize no",
    "loglevel warning",
    ...kept,
    ...config,
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  let child: ChildProcess;
  let ended: Promise<unknown>;

  async function start(): Promise<void> {
    const args = [file, ...(program === "sentinel" ? ["--sentinel"] : [])];
    let output = "";
    child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data) => (output += String(data)));
    running.add(child);
    ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    void ended.then(() => running.delete(child));
    await until(`a server on port ${port}`, async () => {
      if (child.exitCode !== null || child.pid === undefined) throw new Error(`redis-server ended: ${output}`);
      return isOpen(port);
    });
  }

  async function end(): Promise<void> {
    child.kill("SIGKILL");
    await ended;
  }

  await start();
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    async cli(...args) {
      const { stdout } = await run("redis-cli", ["-h", "127.0.0.1", "-p", String(port), ...cliArgs, ...args]);
      return stdout.trim();
    },
    kill: end,
    restart: start,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });
}

async function together(starting: readonly Promise<ValkeyServer>[]): Promise<ValkeyServer[]> {
  const started = await Promise.allSettled(starting);
  const nodes = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = started.find((each) => each.status === "rejected");
  if (!failed) return nodes;
  await Promise.all(nodes.map((node) => node.stop()));
  throw failed.reason;
}

function several(nodes: readonly ValkeyServer[]): ValkeyServers {
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  return { nodes, urls: nodes.map(({ url }) => url), stop };
}

/**
 * Starts a cluster of three nodes, each with as many replicas as asked for. `nodeTimeout` is how long a node may be silent
 * before the others give it up: on a machine that is held up, one that lives is silent too.
 */
export async function startCluster({
  replicas = 0,
  nodeTimeout = 15_000,
  config = [] as readonly string[],
} = {}): Promise<ValkeyServers> {
  const count = 3 * (1 + replicas);
  const starting = Array.from({ length: count }, async () => {
    const bus = await freePort();
    const lines = ["cluster-enabled yes", `cluster-port ${bus}`, `cluster-node-timeout ${nodeTimeout}`, ...config];
    return startValkey({ config: lines });
  });
  const nodes = await together(starting);
  const all = several(nodes);
  try {
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const args = ["--cluster", "create", ...addresses, "--cluster-replicas", String(replicas), "--cluster-yes"];
    await run("redis-cli", args);
    await until("a cluster whose nodes all know it", async () => {
      const told = await Promise.all(nodes.map((node) => node.cli("cluster", "info")));
      const links = await Promise.all(nodes.map((node) => node.cli("cluster", "nodes")));
      const isKnown = (text: string): boolean => text.split("\n").length === count && !/fail|handshake/.test(text);
      return told.every((text) => text.includes("cluster_state:ok")) && links.every(isKnown);
    });
    return all;
  } catch (error) {
    await all.stop();
    throw error;
  }
}

/** A server with a replica, and the sentinels that watch over them under a name. */
export interface Watched extends ValkeyServers {
  readonly masterName: string;
  readonly sentinels: readonly ValkeyServer[];
  /** The server that the sentinels name. */
  master(): Promise<ValkeyServer>;
}

/** Starts a server, its replica, and three sentinels. */
export async function startSentinel(): Promise<Watched> {
  const masterName = "shelf";
  const master = await startValkey();
  const replica = await startValkey({ config: [`replicaof 127.0.0.1 ${master.port}`] });
  const config = [
    `sentinel monitor ${masterName} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${masterName} 1000`,
    `sentinel failover-timeout ${masterName} 5000`,
  ];
  const nodes = [master, replica];
  const sentinels = await together(Array.from({ length: 3 }, () => startValkey({ config, program: "sentinel" })));
  const all = several([...nodes, ...sentinels]);
  await until("a replica in step", async () => (await replica.cli("info", "replication")).includes("link_status:up"));
  await until("sentinels that know one another and the replica", async () => {
    const told = await Promise.all(sentinels.map((each) => each.cli("sentinel", "master", masterName)));
    return told.every((text) => /num-slaves\n1\n/.test(text) && /num-other-sentinels\n2\n/.test(text));
  });
  return {
    masterName,
    nodes,
    sentinels,
    urls: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    async master() {
      const [, port] = (await sentinels[0]!.cli("sentinel", "get-master-addr-by-name", masterName)).split("\n");
      return nodes.find((node) => String(node.port) === port)!;
    },
    stop: all.stop,
  };
}
