import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, vi } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { nodeFetch } from "../../src/http/nodeFetch.ts";
import { open, remote } from "../../src/server.ts";
import { listen } from "../../src/service/listen.ts";
import { bytes, text } from "../support/pair.ts";
import { until } from "../support/until.ts";

interface Serving {
  readonly url: string;
  connections(): number;
}

async function serving(
  answer: (req: IncomingMessage, res: ServerResponse) => unknown,
  work: (serving: Serving) => Promise<void>,
  host = "127.0.0.1",
): Promise<void> {
  let connections = 0;
  const server = createServer((req, res) => void answer(req, res)).on("connection", () => connections++);
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await work({ url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, connections: () => connections });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const ask = (url: string, init: RequestInit = {}): Promise<Response> =>
  nodeFetch()!(url, { method: "GET", headers: {}, body: null, signal: new AbortController().signal, ...init });

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

for (const host of ["127.0.0.1", "::1"]) {
  test(`a request arrives as it is, and its answer comes back, from ${host}`, async () => {
    const echo = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      const parts = await req.toArray();
      res.writeHead(201, {
        "x-line": `${req.method} ${req.url} ${req.headers["x-trace"]} ${req.headers["content-length"]}`,
      });
      res.end(Buffer.concat(parts as Buffer[]));
    };
    const work = async ({ url }: Serving): Promise<void> => {
      const body = new Uint8Array(300_000).map((_, index) => index);
      const response = await ask(`${url}/a%2Fb?key=%00+c`, { method: "POST", headers: { "x-trace": "5" }, body });
      assert.equal(response.status, 201);
      assert.equal(response.headers.get("x-line"), "POST /a%2Fb?key=%00+c 5 300000");
      assert.equal(response.headers.get("x-none"), null);
      assert.deepEqual([response.headers.has("x-line"), response.headers.has("x-none")], [true, false]);
      assert.deepEqual(await bytesOf(response), body);
    };
    await serving(echo, work, host);
  });
}

test("connections are kept", async () => {
  const fetch = nodeFetch()!;
  const { signal } = new AbortController();
  await serving(
    (_, res) => res.end("ok"),
    async ({ url, connections }) => {
      for (let count = 0; count < 5; count++) {
        const response = await fetch(url, { method: "POST", body: bytes("x"), headers: {}, signal });
        assert.equal(text(await bytesOf(response)), "ok");
      }
      assert.equal(connections(), 1);
    },
  );
});

test("no redirect is followed", async () => {
  await serving(
    (_, res) => res.writeHead(302, { location: "/elsewhere" }).end(),
    async ({ url }) => assert.equal((await ask(url)).status, 302),
  );
});

test("an answer that is cut short, and one that never comes, is a failure", async () => {
  const cut = (_: IncomingMessage, res: ServerResponse): void => {
    res.writeHead(200, { "content-length": "10" }).write("half");
    setTimeout(() => res.destroy(), 10);
  };
  await serving(cut, async ({ url }) => assert.rejects(ask(url).then(bytesOf)));
  await serving(
    (req) => req.socket.destroy(),
    async ({ url }) => assert.rejects(ask(url)),
  );
});

test("what is aborted rejects with the reason, and ends its connection", async () => {
  let closed = 0;
  const reason = new Error("enough");
  const hang = (req: IncomingMessage): void => void req.socket.once("close", () => closed++);
  await serving(hang, async ({ url, connections }) => {
    const controller = new AbortController();
    const asked = assert.rejects(ask(url, { signal: controller.signal }), (error) => error === reason);
    await until(connections);
    controller.abort(reason);
    await asked;
    await until(() => closed);
    await assert.rejects(ask(url, { signal: controller.signal }), (error) => error === reason);
    assert.equal(connections(), 1);
  });
});

test("a stream is read as it comes, until it is aborted", async () => {
  let isOver = false;
  const stream = (_: IncomingMessage, res: ServerResponse): void => {
    res.writeHead(200).write("one");
    res.once("close", () => (isOver = true));
  };
  await serving(stream, async ({ url }) => {
    const controller = new AbortController();
    const { body } = await ask(url, { signal: controller.signal });
    const reader = body!.getReader();
    assert.equal(text((await reader.read()).value), "one");
    const rest = reader.read().catch(() => {});
    controller.abort();
    await rest;
    await until(() => isOver);
  });
});

test("the remote of the server door asks by it, unless it is given another fetch", async () => {
  const server = await listen({ answer: handler(memory()) });
  const fetch = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("not this one"));
  try {
    for (const store of [
      remote({ url: server.url }),
      await open({ backend: "http", parameters: { url: server.url } }),
    ]) {
      await store.set("a", bytes("x"));
      assert.equal(text(await store.get("a")), "x");
      await store.close();
    }
    assert.equal(fetch.mock.calls.length, 0);
    let count = 0;
    const own = remote({
      url: server.url,
      fetch: async () => {
        count++;
        return new Response("[true]\n", { headers: { shelflife: "ok" } });
      },
    });
    await own.set("a", bytes("y"));
    assert.equal(count, 1);
  } finally {
    fetch.mockRestore();
    await server.close();
  }
});
