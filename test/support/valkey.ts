// Starts real servers of Redis on loopback.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { freePort } from "./freePort.ts";
import { until } from "./until.ts";

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

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

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
  const kept = ['save ""', "appendonly yes", "appendfsync always", "repl-diskless-sync-delay 0"];
  const lines = [
    listen(port),
    "bind 127.0.0.1",
    `dir ${folder}`,
    "daemonize no",
    "loglevel warning",
    ...(program === "server" ? kept : []),
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
    await until(() => {
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

/** Starts servers together: all, or none that is left. */
export async function together<S extends ValkeyServer>(starting: readonly Promise<S>[]): Promise<S[]> {
  const started = await Promise.allSettled(starting);
  const nodes = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = started.find((each) => each.status === "rejected");
  if (!failed) return nodes;
  await Promise.all(nodes.map((node) => node.stop()));
  throw failed.reason;
}

/** Returns servers as one. */
export function several(nodes: readonly ValkeyServer[]): ValkeyServers {
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  return { nodes, urls: nodes.map(({ url }) => url), stop };
}
