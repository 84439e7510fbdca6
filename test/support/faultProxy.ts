// A proxy that does to requests what networks do, on real sockets, as a test has it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { answerWith, streamWith, type Fault } from "./faults.ts";
import { createForward } from "./forward.ts";
import { freePort } from "./freePort.ts";

export interface FaultProxy {
  readonly url: string;
  /** Says what is to become of a request. */
  plan: (method: string, resource: string) => Fault;
  /** How often each fault was met. */
  readonly met: Map<string, number>;
  /** Refuses connections, and breaks those that there are, until it is up again. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** How many connections from clients are open. */
  open(): number;
  close(): Promise<void>;
}

/** Starts a proxy before a server. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const met = new Map<string, number>();
  const forward = createForward(upstream);
  const port = await freePort();
  const server = createServer((req, res) => void serve(req, res));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => {});
  });

  function up(): Promise<void> {
    return new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  }

  function down(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.resetAndDestroy();
    });
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const resource = new URL(req.url!, upstream).pathname.split("/").at(-1)!;
    const fault = proxy.plan(req.method!, resource);
    const name = typeof fault === "string" ? fault : "cutAfter";
    met.set(name, (met.get(name) ?? 0) + 1);
    try {
      if (typeof fault === "string" && resource !== "changes") await answerWith(fault, forward, req, res);
      else await streamWith(fault, forward, req, res);
    } catch {
      // Whoever it was has left.
      res.destroy();
    }
  }

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}/`,
    plan: () => "none",
    met,
    down,
    up,
    open: () => sockets.size,
    async close() {
      await down();
      forward.close();
    },
  };
  await up();
  return proxy;
}
