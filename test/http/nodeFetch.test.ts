import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, globalAgent, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, test, vi } from "vitest";
import { nodeFetch } from "../../src/http/nodeFetch.ts";
import { open, remote } from "../../src/server.ts";
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

/** Opens a remote of the server door in both ways, at a server that says by what it was asked: "node" is Node's own fetch. */
async function askedBy(work: (ask: () => Promise<(string | undefined)[]>) => Promise<void>): Promise<void> {
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    agents.push(req.headers["user-agent"]);
    req.resume().on("end", () => res.writeHead(200, { shelflife: "ok" }).end("[true]\n"));
  };
  const agents: (string | undefined)[] = [];
  await serving(answer, async ({ url }) => {
    const stores = [remote({ url }), await open({ backend: "http", parameters: { url } })];
    await work(async () => {
      for (const store of stores) await store.set("a", bytes("x"));
      return agents.splice(0);
    });
  });
}

test("the remote of the server door asks by it, unless it is given another fetch", async () => {
  await askedBy(async (ask) => assert.deepEqual(await ask(), [undefined, undefined]));
  let count = 0;
  const own = remote({
    url: "http://127.0.0.1:1",
    fetch: async () => {
      count++;
      return new Response("[true]\n", { headers: { shelflife: "ok" } });
    },
  });
  await own.set("a", bytes("y"));
  assert.equal(count, 1);
});

test("a fetch that was replaced is asked, whenever that was, and as long as it is there", async () => {
  await askedBy(async (ask) => {
    assert.deepEqual(await ask(), [undefined, undefined]);
    const replaced = vi.fn(async function (this: unknown) {
      assert.equal(this, undefined);
      return new Response("[true]\n", { headers: { shelflife: "ok" } });
    });
    vi.stubGlobal("fetch", replaced);
    onTestFinished(() => void vi.unstubAllGlobals());
    assert.deepEqual(await ask(), []);
    await remote({ url: "http://127.0.0.1:1" }).set("a", bytes("x"));
    assert.equal(replaced.mock.calls.length, 3);
    // What wraps Node's own is not Node's own.
    vi.stubGlobal("fetch", replaced.bind(undefined));
    assert.deepEqual(await ask(), []);
    vi.unstubAllGlobals();
    assert.deepEqual(await ask(), [undefined, undefined]);
    vi.stubGlobal("fetch", undefined);
    assert.deepEqual(await ask(), [undefined, undefined]);
  });
});

test("a proxy of the environment is asked where Node's own fetch asks it", async () => {
  await askedBy(async (ask) => {
    const { options } = globalAgent as unknown as { options: { proxyEnv?: object } };
    onTestFinished(() => void delete options.proxyEnv);
    options.proxyEnv = {};
    assert.deepEqual(await ask(), ["node", "node"]);
    delete options.proxyEnv;
    assert.deepEqual(await ask(), [undefined, undefined]);
  });
});

test("a dispatcher that was given to Node's fetch is asked", async () => {
  const symbol = Symbol.for("undici.globalDispatcher.1");
  const global = globalThis as unknown as Record<symbol, unknown>;
  const before = global[symbol];
  onTestFinished(() => void (global[symbol] = before));
  const dispatched = vi.fn(() => {
    throw new Error("dispatched");
  });
  class ProxyAgent {
    readonly dispatch = dispatched;
  }
  await askedBy(async (ask) => {
    assert.deepEqual(await ask(), [undefined, undefined]);
    global[symbol] = new ProxyAgent();
    const far = remote({ url: "http://store.test", attempts: 1 });
    await assert.rejects(far.set("a", bytes("x")), /dispatched/);
    assert.equal(dispatched.mock.calls.length, 1);
  });
});
