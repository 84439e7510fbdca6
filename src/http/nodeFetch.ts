import type { IncomingMessage, RequestOptions } from "node:http";

/** Sends what a remote asks for. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

// How long a connection that nobody uses is kept: ms. Most servers close theirs after five seconds or more.
const idle = 4000;

/**
 * Returns what sends a remote's requests by node:http, in a fraction of the time that Node's own fetch takes; where there is
 * no Node, nothing. It keeps its connections, which hold no process, and follows no redirect. Of a Response it returns what a
 * remote reads: the status, headers by their name, and the body as bytes or as a stream.
 */
export function nodeFetch(): Fetch | undefined {
  const { process, Deno, Bun } = globalThis as { process?: { versions?: object }; Deno?: unknown; Bun?: unknown };
  if (Deno || Bun || !process?.versions) return undefined;
  const clients = new Map<string, Promise<Client>>();

  /** Keeps a success, and forgets a failure. */
  function clientOf(protocol: string): Promise<Client> {
    let client = clients.get(protocol);
    if (!client) {
      clients.set(protocol, (client = createClient(protocol)));
      client.catch(() => clients.delete(protocol));
    }
    return client;
  }

  return async (url, init) => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const send = await clientOf(protocol);
    init.signal!.throwIfAborted();
    const body = init.body as Uint8Array | null;
    return send(
      {
        // A URL has an IPv6 address in brackets.
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port,
        path: pathname + search,
        method: init.method!,
        headers: { ...(init.headers as Record<string, string>), ...(body && { "content-length": body.length }) },
      },
      body,
      init.signal!,
    );
  };
}

type Client = (options: RequestOptions, body: Uint8Array | null, signal: AbortSignal) => Promise<Response>;

async function createClient(protocol: string): Promise<Client> {
  const [{ Agent, request }, { Readable }] = await Promise.all([
    protocol === "https:" ? import("node:https") : import("node:http"),
    import("node:stream"),
  ]);
  const agent = new Agent({ keepAlive: true, timeout: idle });
  return (options, body, signal) =>
    new Promise((resolve, reject) => {
      const sent = request({ ...options, agent }, (message) => {
        const { statusCode: status, headers } = message;
        const response = {
          status,
          headers: { get: (name: string) => headers[name] ?? null, has: (name: string) => name in headers },
          arrayBuffer: () => readAll(message),
          get body() {
            return Readable.toWeb(message);
          },
        };
        resolve(response as unknown as Response);
      });
      signal.addEventListener("abort", () => {
        reject(signal.reason);
        sent.destroy();
      });
      sent.on("error", reject).end(body ?? undefined);
    });
}

/** Reads a message to its end. Rejects if it is cut short. */
function readAll(message: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    message
      .on("data", (part: Buffer) => parts.push(part))
      .on("error", reject)
      .on("close", reject)
      .on("end", () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
  });
}
