// Serves a SQLite file as the command does, in a process of its own: node --expose-gc bench/clients/server.ts <folder> <streams>
import { join } from "node:path";
import process from "node:process";
import { sqlite } from "../../src/backends/sqlite.ts";
import { handler } from "../../src/http/handler.ts";
import { listen } from "../../src/service/listen.ts";
import { measureUse } from "../soak/use.ts";

/** What the server holds: bytes. */
export interface Held {
  readonly heap: number;
  readonly resident: number;
}

const [folder, streams] = process.argv.slice(2);
const store = sqlite({ path: join(folder!, "store.db"), history: true });
const requests = sqlite({ path: join(folder!, "requests.db") });
const server = await listen({ answer: handler(store, { requests, maxStreams: Number(streams) + 1 }) });
process.send!({ url: server.url.replace(/\/$/, "") });
process.on("message", async () => {
  const { heap } = await measureUse();
  process.send!({ use: { heap, resident: process.memoryUsage().rss } satisfies Held });
});
process.on("disconnect", () => process.exit());
