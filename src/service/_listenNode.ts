import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { letExit } from "../core/letExit.ts";
import type { Settings, Started } from "./listen.ts";

// How often it is looked for connections that have become idle while the server closes: ms.
const closingInterval = 20;

const wholeBody: unique symbol = Symbol.for("shelflife.body") as never;

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

  /** Sends what is answered. Who has left while it was sent has been told of no failure. */
  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const response = await answer(new NodeRequest({ req, res }));
      // What a handler knows as bytes is sent at once.
      const body = (response as { [wholeBody]?: Uint8Array })[wholeBody];
      if (body && !response.bodyUsed) res.writeHead(response.status, [...response.headers].flat()).end(body);
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

/** What is no limit is 0 here, and what no timer can wait for is none. */
function milliseconds(time: number): number {
  return time > 2 ** 31 - 1 ? 0 : Math.ceil(time);
}
