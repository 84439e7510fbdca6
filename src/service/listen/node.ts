import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { letExit, longestDelay } from "../../core/timers.ts";
import { direct, partsOf } from "../../http/server/lazyResponse.ts";
import type { Settings, Started } from "./settings.ts";

// How often it is looked for connections that have become idle while the server closes: ms.
const closingInterval = 20;

/** Listens by node:http, or node:https. Requests and answers are translated by srvx, the quickest of those measured. */
export async function startNode(settings: Settings): Promise<Started> {
  const { answer, host, port, headerTimeout, requestTimeout, idleTimeout, maxHeaderBytes, tls } = settings;
  const { NodeRequest, sendNodeResponse } = await import("srvx/node");
  const limits = {
    headersTimeout: milliseconds(headerTimeout),
    requestTimeout: milliseconds(requestTimeout),
    // How often it is looked for those that take longer.
    connectionsCheckingInterval: Math.max(50, Math.min(5000, headerTimeout / 4)),
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  };

  /** Sends what is answered. A client that has left while it was sent sees no failure. */
  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const request = new NodeRequest({ req, res });
      const response = await answer(direct(request, () => readBody(req, request)));
      const plain = partsOf(response);
      if (plain) res.writeHead(plain.status, plain.headers).end(plain.body ?? undefined);
      else await sendNodeResponse(res, response);
    } catch {
      res.destroy();
    }
  }

  const listener = (req: IncomingMessage, res: ServerResponse): void => void respond(req, res);
  const server: Server = tls
    ? (await import("node:https")).createServer({ ...limits, ...tls }, listener)
    : (await import("node:http")).createServer(limits, listener);
  server.maxConnections = settings.maxConnections;
  server.timeout = milliseconds(idleTimeout);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  function closeIdle(): void {
    server.closeIdleConnections();
    // Before Node 26 one on which nothing has come yet is not taken for idle. Clients open some in advance.
    for (const socket of sockets) if (!socket.bytesRead) socket.destroy();
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as { port: number }).port,
    stop: () =>
      new Promise((resolve) => {
        const timer = setInterval(closeIdle, closingInterval);
        letExit(timer);
        server.close(() => {
          clearInterval(timer);
          resolve();
        });
        closeIdle();
      }),
    force: () => server.closeAllConnections(),
  };
}

/** Reads the whole body of a request. What something else has begun to read can only be read in the way of the platform. */
async function readBody(req: IncomingMessage, request: Request): Promise<Uint8Array> {
  return req.readableDidRead ? new Uint8Array(await request.arrayBuffer()) : readAll(req);
}

/** Reads a message to its end. Rejects if it is cut short. */
function readAll(req: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    req
      .on("data", (part: Buffer) => parts.push(part))
      .on("error", reject)
      .on("close", reject)
      .on("end", () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
  });
}

/** What is no limit is 0 here, and what no timer can wait for is none. */
function milliseconds(time: number): number {
  return time > longestDelay ? 0 : Math.ceil(time);
}
