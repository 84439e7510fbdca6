// Serves what the http suite measures, in a process of its own: node bench/server.ts ours | empty | unstorage
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { memory } from "../src/backends/memory.ts";
import { handler } from "../src/http/handler.ts";
import { listen } from "../src/service/listen.ts";
import { load } from "./load.ts";

async function start(name: string): Promise<string> {
  if (name === "unstorage") {
    const [{ createStorage }, { createStorageServer }] = await Promise.all([
      load("unstorage"),
      load("unstorage/server"),
    ]);
    const server = createServer(createStorageServer(createStorage()).handle as () => void);
    // Its driver fails on a connection that the server has closed meanwhile.
    server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  const body = new Uint8Array(100);
  const empty = async (request: Request): Promise<Response> => {
    if (request.method === "GET") return new Response(body, { headers: { "content-length": "100" } });
    await request.arrayBuffer();
    return new Response(null, { status: 204 });
  };
  const answer = name === "empty" ? empty : handler(memory());
  return (await listen({ answer })).url;
}

process.send!({ url: await start(process.argv[2]!) });
// How much of the processor it has used so far: µs.
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpu: user + system });
});
process.on("disconnect", () => process.exit());
