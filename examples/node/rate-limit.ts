// Lets each client ask three times a minute, also when several processes share the work.
//   node rate-limit.ts limits.sqlite
import { createServer } from "node:http";
import { open } from "shelflife/server";

const minute = 60_000;
const allowed = 3;
const counts = await open({ backend: "sqlite", parameters: { path: process.argv[2] ?? "limits.sqlite" } });

const server = createServer((request, response) => {
  void answer(request.socket.remoteAddress ?? "unknown").then(
    ([status, text]) => response.writeHead(status).end(text),
    () => response.writeHead(503).end("Try again later"),
  );
});

async function answer(client: string): Promise<[status: number, text: string]> {
  // The first request of a client opens its minute; when that is over, so is the count.
  const count = await counts.increment(client, 1, { ttl: minute });
  return count <= allowed ? [200, `Request ${count}`] : [429, "Too many requests"];
}

server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});

process.once("SIGTERM", () => {
  server.close(() => void counts.close());
});
