import { once } from "node:events";
import { createServer } from "node:net";

// Below the ports that systems give to connections: a server that is down for a while finds its port free when it is back.
const first = 10_000;
const count = 22_000;
const given = new Set<number>();

/** Returns a port of loopback that nobody has, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * count);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
