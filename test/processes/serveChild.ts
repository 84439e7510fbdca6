// A process of its own that serves a SQLite file, with the requests that were made remembered in another, until it is killed.
import process from "node:process";
import { createInterface } from "node:readline";
import { sqlite, type SqliteOptions } from "../../src/backends/sqlite.ts";
import { handler } from "../../src/http/handler.ts";
import { listen } from "../../src/service/listen.ts";

const say = (line: unknown): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const [id, , options, requests] = JSON.parse(line) as [number, "serve", SqliteOptions, SqliteOptions];
  const { url } = await listen({ answer: handler(sqlite(options), { requests: sqlite(requests) }) });
  say([id, url]);
}
