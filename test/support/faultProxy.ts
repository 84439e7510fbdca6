// A proxy that does to requests what networks do, on real sockets, as a test tells it to.
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What becomes of a request. */
export type Fault =
  | "none"
  /** The connection breaks before anything of it has arrived, or in the middle of its body. */
  | "dropped"
  | "cut request"
  /** It is done, and its answer gets lost, as a whole or from the middle of its body on. */
  | "lost answer"
  | "cut answer"
  /** More comes than was announced. */
  | "long answer"
  /** It arrives twice: one after the other, or at once. The first answer is lost. */
  | "twice"
  | "twice at once"
  /** It arrives, and is answered, in small pieces. */
  | "slow"
  /** The proxy itself says that it is too busy: until some seconds have passed, or until a date. */
  | "429"
  | "503"
  /** Somebody else answers. */
  | "200 page"
  | "404 page"
  | "502 page"
  | "portal"
  /** Nobody ever does. */
  | "silence"
  /** The answer, which is a stream, breaks after so many ms. */
  | { readonly cutAfter: number };

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

interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

const pages: Readonly<Record<string, readonly [status: number, headers: Record<string, string>, body: string]>> = {
  "429": [429, { "retry-after": "0" }, "Slow down"],
  "503": [503, {}, "Busy"],
  "200 page": [200, { "content-type": "text/html" }, "<h1>Welcome</h1>"],
  "404 page": [404, { "content-type": "text/html" }, "<h1>Not found</h1>"],
  "502 page": [502, { "content-type": "text/html" }, "<h1>Bad gateway</h1>"],
  portal: [302, { location: "/login", "content-type": "text/html" }, "<a href=/login>Log in</a>"],
};

/** Starts a proxy before a server. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const met = new Map<string, number>();
  const agent = new Agent({ keepAlive: true });
  const server = createServer((req, res) => void serve(req, res));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => {});
  });

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;

  function down(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.resetAndDestroy();
    });
  }

  /** Sends a request on, or a part of it, and resolves with the head of the answer. */
  function pass({ method, url, rawHeaders }: IncomingMessage, body: Buffer, share = 1): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = pairs(rawHeaders).filter(
        ([name]) => !/^(connection|transfer-encoding|content-length)$/i.test(name),
      );
      if (body.length || method !== "GET") headers.push(["content-length", String(body.length)]);
      const onward = send(new URL(url!, upstream), { method, agent, headers: headers.flat() }, resolve);
      onward.on("error", reject);
      if (share === 1) return void onward.end(body);
      onward.flushHeaders();
      onward.write(body.subarray(0, body.length * share), () => onward.destroy());
    });
  }

  async function passWhole(req: IncomingMessage, body: Buffer): Promise<Answer> {
    const answer = await pass(req, body);
    return { status: answer.statusCode!, headers: answer.rawHeaders, body: await read(answer) };
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const resource = new URL(req.url!, upstream).pathname.split("/").at(-1)!;
    const fault = plan(req.method!, resource);
    const name = typeof fault === "string" ? fault : "cutAfter";
    met.set(name, (met.get(name) ?? 0) + 1);
    try {
      await (typeof fault === "string" && resource !== "changes" ? run(fault, req, res) : stream(fault, req, res));
    } catch {
      // Whoever it was has left.
      res.destroy();
    }
  }

  async function run(fault: Fault & string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { socket } = req;
    if (fault === "dropped") return void socket.resetAndDestroy();
    const body = await read(req);
    if (fault in pages) {
      const [status, headers, text] = pages[fault]!;
      // Dates are in whole seconds.
      const wait = fault === "503" ? { "retry-after": new Date(Date.now() + 1).toUTCString() } : {};
      return void res.writeHead(status, { ...headers, ...wait }).end(text);
    }
    switch (fault) {
      case "silence":
        return;
      case "cut request":
        await pass(req, body, 0.5).catch(() => {});
        return void socket.resetAndDestroy();
      case "lost answer":
        await passWhole(req, body);
        return void socket.resetAndDestroy();
      case "twice":
        await passWhole(req, body);
        break;
      case "slow":
        return slowly(req, body, res);
    }
    const [answer] = await Promise.all([passWhole(req, body), fault === "twice at once" && passWhole(req, body)]);
    res.writeHead(answer.status, answer.headers);
    if (fault === "cut answer") {
      res.flushHeaders();
      res.write(answer.body.subarray(0, answer.body.length / 2), () => socket.resetAndDestroy());
    } else if (fault === "long answer") {
      res.end(answer.body, () => socket.end("and more"));
    } else res.end(answer.body);
  }

  async function slowly(req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> {
    await pause(10);
    const answer = await passWhole(req, body);
    res.writeHead(answer.status, answer.headers).flushHeaders();
    const step = Math.max(1, Math.ceil(answer.body.length / 5));
    for (let at = 0; at < answer.body.length; at += step) {
      await pause(5);
      res.write(answer.body.subarray(at, at + step));
    }
    res.end();
  }

  /** Hands on what comes as it comes, as far as the fault lets it. */
  async function stream(fault: Fault, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const answer = await pass(req, Buffer.alloc(0));
    res.writeHead(answer.statusCode!, answer.rawHeaders).flushHeaders();
    const { cutAfter = 2 ** 31 - 1 } = fault as { cutAfter?: number };
    const timer = setTimeout(() => req.socket.resetAndDestroy(), cutAfter);
    answer.on("error", () => req.socket.resetAndDestroy()).pipe(res);
    res.once("close", () => {
      clearTimeout(timer);
      answer.destroy();
    });
  }

  let plan: FaultProxy["plan"] = () => "none";
  return {
    url: `http://127.0.0.1:${port}/`,
    get plan() {
      return plan;
    },
    set plan(next) {
      plan = next;
    },
    met,
    down,
    up: () => listen(port),
    open: () => sockets.size,
    async close() {
      await down();
      agent.destroy();
    },
  };
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!]);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
