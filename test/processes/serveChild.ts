// A process of its own that serves a SQLite file, with the requests that were made remembered in another, until it is killed.
import process from "node:process";
import { createInterface } from "node:readline";
import { sqlite, type SqliteOptions } from "../../src/backends/sqlite.ts";
import { handler, type HandlerOptions } from "../../src/http/handler.ts";
import { listen, type ListenOptions } from "../../src/service/listen.ts";

const say = (line: unknown): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);

async function serve(
  options: SqliteOptions,
  requests: SqliteOptions,
  listening?: Partial<ListenOptions>,
  more?: HandlerOptions,
): Promise<string> {
  const answer = handler(sqlite(options), { ...more, requests: sqlite(requests) });
  return (await listen({ answer, ...listening })).url;
}

/** How much is in use once nothing is there that is of no use: bytes. */
async function heap(): Promise<number> {
  const { Bun, gc } = globalThis as { Bun?: { gc(isAll: boolean): void }; gc?: () => void };
  for (let turn = 0; turn < 10; turn++) {
    // What ends with a socket is let go of a few turns later.
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (Bun) Bun.gc(true);
    else gc!();
  }
  return process.memoryUsage().heapUsed;
}

const calls: Readonly<Record<string, (...args: any[]) => Promise<unknown>>> = { serve, heap };

for await (const line of createInterface({ input: process.stdin })) {
  const [id, name, ...args] = JSON.parse(line) as [number, string, ...unknown[]];
  say([id, await calls[name]!(...args)]);
}
