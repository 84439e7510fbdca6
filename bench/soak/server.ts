// Serves a SQLite file as an operator would, in a process of its own: node --expose-gc bench/soak/server.ts <folder>
import { join } from "node:path";
import process from "node:process";
import { sqlite } from "../../src/backends/sqlite.ts";
import { handler } from "../../src/http/handler.ts";
import { limitRate, limitStreams } from "../../src/service/limits.ts";
import { listen } from "../../src/service/listen.ts";
import { logRequests } from "../../src/service/log.ts";
import { createMetrics } from "../../src/service/metrics.ts";
import { measureUse } from "./use.ts";

const folder = process.argv[2]!;
const metrics = createMetrics();
const store = metrics.watchStore(sqlite({ path: join(folder, "store.db"), sweepInterval: 1000 }));
const requests = sqlite({ path: join(folder, "requests.db") });
const faults: string[] = [];
const by = ({ headers }: Request): string => headers.get("x-client") ?? "nobody";
const wrappers = [
  limitStreams({ perHolder: 2, by }),
  limitRate({ perSecond: 1000, by }),
  logRequests({ write() {}, holder: by }),
  metrics.wrap,
];
const answer = wrappers.reduce(
  (next, wrap) => wrap(next),
  handler(store, { requests, onError: (error) => void faults.push(String(error)) }),
);
process.on("unhandledRejection", (error) => void faults.push(`Unhandled: ${String(error)}`));

const server = await listen({ answer });
process.send!({ url: server.url });
process.on("message", async () => process.send!({ use: await measureUse(), faults }));
process.on("disconnect", () => process.exit());
