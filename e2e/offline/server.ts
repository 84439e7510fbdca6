import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { remote, type Store } from "shelflife";
import { startChild, type Child } from "../../test/support/childProcess.ts";

/** A process that serves a SQLite file at an address of its own, and what can stand in its place there. */
export interface StoreServer {
  readonly url: string;
  /** What is there, past the pages. */
  readonly store: Store;
  /** Kills the process. */
  kill(): Promise<void>;
  /** Starts it again, on the same files. */
  start(): Promise<void>;
  /** Kills it, and answers everything with a page in its place, until it is started again. */
  capture(): Promise<void>;
  /** Requests that were answered with that page. */
  readonly captured: string[];
  remove(): Promise<void>;
}

/** Starts a server for pages of an origin. */
export async function startStoreServer(origin: string): Promise<StoreServer> {
  const folder = await mkdtemp(join(tmpdir(), "shelflife-offline-"));
  const captured: string[] = [];
  let url = "";
  let child: Child | undefined;
  let portal: Server | undefined;

  async function release(): Promise<void> {
    const open = portal;
    portal = undefined;
    open?.closeAllConnections();
    if (open) await new Promise((resolve) => open.close(resolve));
  }

  async function kill(): Promise<void> {
    await child?.kill();
    child = undefined;
  }

  async function start(): Promise<void> {
    await release();
    child = startChild([process.execPath], "./serveChild.ts");
    const [values, requests] = ["values.db", "requests.db"].map((name) => ({ path: join(folder, name) }));
    const port = url ? Number(new URL(url).port) : 0;
    url = (await child.call("serve", values, requests, { port }, { cors: [origin] })) as string;
  }

  await start();
  return {
    url,
    store: remote({ url }),
    captured,
    kill,
    start,
    async capture() {
      await kill();
      portal = createServer(({ method, url, headers }, response) => {
        captured.push(`${method} ${url}`);
        response.writeHead(200, {
          "content-type": "text/html",
          "access-control-allow-origin": headers.origin ?? "*",
          "access-control-allow-methods": "*",
          "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
          "access-control-expose-headers": "*",
        });
        response.end("<!doctype html><title>Welcome</title><h1>Log in to the network</h1>");
      });
      await new Promise<void>((resolve) => portal!.listen(Number(new URL(url).port), "127.0.0.1", resolve));
    },
    async remove() {
      await release();
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
