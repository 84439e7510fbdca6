import type { SqliteOptions } from "../../src/backends/sqlite.ts";
import { startChild, type Child } from "./childProcess.ts";
import { runtimes } from "../../scripts/runtimes.mjs";

const commands = Object.values(runtimes);

/** A server under a fixed name whose process can be killed, which the next one then replaces. */
export interface KilledServer {
  readonly mount: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Returns a server of a SQLite file, with the requests that were made remembered in another; each process of another runtime. */
export function createKilledServer(
  path: string,
  requests: string,
  options: Omit<SqliteOptions, "path"> = {},
): KilledServer {
  const mount = "http://store.test/";
  let child: Child | undefined;
  let started: (url: string) => void;
  let url: Promise<string>;
  let count = 0;
  const expect = (): void => void (url = new Promise((resolve) => (started = resolve)));
  expect();

  return {
    mount,
    async start() {
      child = startChild(commands[count++ % commands.length]!, "./serveChild.ts");
      started(await child.call("serve", { ...options, path }, { path: requests }));
    },
    async kill() {
      expect();
      await child?.kill();
    },
    fetch: async (input, init) => fetch(input.replace(mount, await url), init),
  };
}
