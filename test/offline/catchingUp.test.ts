import assert from "node:assert/strict";
import { onTestFinished, test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import { handler } from "../../src/http/handler.ts";
import { memory, remote } from "../../src/index.ts";
import { offline } from "../../src/offline.ts";
import { createClock } from "../../src/testing/clock.ts";
import { utf8 } from "../support/bytes.ts";
import { kept } from "../support/offlinePair.ts";
import { fresh } from "../support/sqliteFiles.ts";

// With SHELFLIFE_ENTRIES=100000 before it, it says how much it was.
const entries = Number(process.env.SHELFLIFE_ENTRIES ?? 20_000);

/** Bytes on the wire, without what TCP and TLS add: heads and bodies of both directions, uncompressed. */
interface Wire {
  bytes: number;
  requests: string[];
}

function sizeOf(headers: Headers): number {
  return [...headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
}

/** Returns a fetch that counts what goes over it. */
function counted(wire: Wire, answer: (request: Request) => Promise<Response>) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    wire.requests.push(`${request.method} ${new URL(url).pathname}`);
    wire.bytes += url.length + sizeOf(request.headers) + (await request.clone().arrayBuffer()).byteLength;
    const response = await answer(request);
    wire.bytes += sizeOf(response.headers);
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        wire.bytes += chunk.length;
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body?.pipeThrough(count), response);
  };
}

test(`after an hour away 100 changes among ${entries} entries cost at most 200 kB, also when the server was restarted`, async () => {
  const path = fresh();
  const { now, advance } = createClock();
  const serve = () => {
    const store = sqlite({ path, history: true, now });
    onTestFinished(() => store.close());
    return { store, answer: handler(store, { now }) };
  };
  const local = memory({ now });
  const wire: Wire = { bytes: 0, requests: [] };
  const connect = (answer: (request: Request) => Promise<Response>) =>
    offline(kept(local), remote({ url: "http://store.test", now, fetch: counted(wire, answer) }), { now });

  const first = serve();
  const items = Array.from({ length: entries }, (_, index) => [`entry ${index}`, utf8(`value ${index}`)] as const);
  await first.store.setMany(items);
  const before = connect(first.answer);
  await before.sync();
  const whole = wire.bytes;
  await before.close();
  await first.store.close();

  const second = serve();
  for (let index = 0; index < 100; index++) {
    if (index % 10) await second.store.set(`entry ${index * 7}`, utf8(`changed ${"x".repeat(index * 10)}`));
    else await second.store.delete(`entry ${index * 7}`);
  }
  advance(3_600_000);
  wire.bytes = 0;
  wire.requests.length = 0;
  const after = connect(second.answer);
  await after.sync();
  await after.close();
  assert.ok(!wire.requests.includes("GET /entries"), wire.requests.join());
  assert.ok(wire.bytes < 200_000, `${wire.bytes} bytes, ${whole} for all, by ${wire.requests.join()}`);
  const client = connect(() => Promise.reject(new TypeError("Network is down")));
  assert.deepEqual(await contentOf(client), await contentOf(second.store));
  await client.close();
  if (process.env.SHELFLIFE_ENTRIES) process.stderr.write(`${wire.bytes} bytes, ${whole} for all\n`);
});

async function contentOf(store: Store): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { key, value } of store.entries()) found.push([key, new TextDecoder().decode(value)]);
  return found.sort(([one], [other]) => (one < other ? -1 : 1));
}
