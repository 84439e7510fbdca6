import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { isStoreError } from "../../src/core/error.ts";
import { isLoopback } from "../../src/core/expose.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { compress } from "../../src/service/compress.ts";
import { limitRate, limitStreams } from "../../src/service/limits.ts";
import { listen } from "../../src/service/listen.ts";
import { logRequests, type LogLine } from "../../src/service/log.ts";
import { createMetrics } from "../../src/service/metrics.ts";
import { send, withServer } from "../support/listening.ts";
import { serveTests } from "../support/served.ts";

// What is Node's alone. What all runtimes have to do is in listenProcesses.test.ts.

test("a head that is slow, and a body that is slow, are cut off", async () => {
  await withServer({ headerTimeout: 50, requestTimeout: 200 }, async (_, port) => {
    assert.match(await send(port, "GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: "), /^HTTP\/1\.1 408 /);
  });
  const { answer } = serveTests();
  await withServer({ answer, headerTimeout: 50, requestTimeout: 200 }, async (_, port) => {
    const slow = "PUT /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf";
    assert.doesNotMatch(await send(port, slow), /^HTTP\/1\.1 200 /);
  });
});

test("a connection that is silent is closed", async () => {
  await withServer({ idleTimeout: 50 }, async (_, port) => {
    assert.equal(await send(port, ""), "");
  });
});

test("a head that is too large is refused", async () => {
  await withServer({ maxHeaderBytes: 2000 }, async (_, port) => {
    const head = (size: number): string =>
      `GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: ${"a".repeat(size)}\r\n\r\n`;
    assert.match(await send(port, head(1000)), /^HTTP\/1\.1 200 /);
    assert.match(await send(port, head(3000)), /^HTTP\/1\.1 431 /);
  });
});

test("only so many connections are open", async () => {
  await withServer({ maxConnections: 2 }, async (_, port) => {
    const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const open: Socket[] = [];
    for (let count = 0; count < 2; count++) {
      const socket = connect(port, "127.0.0.1");
      socket.write(request);
      await once(socket, "data");
      open.push(socket);
    }
    assert.equal(await send(port, request), "");
    const [first, second] = open;
    first!.destroy();
    second!.write(request);
    await once(second!, "data");
  });
});

test("what is smuggled, or no HTTP, is refused", async () => {
  const { answer, said } = serveTests();
  await withServer({ answer }, async (_, port) => {
    const twice = "PUT /wait HTTP/1.1\r\nhost: localhost\r\n";
    for (const head of [
      `${twice}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      `${twice}content-length: 4\r\ncontent-length: 5\r\n\r\nabcde`,
      `${twice}content-length: 4, 5\r\n\r\nabcde`,
      `${twice}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
      `${twice}x : y\r\n\r\n`,
      "GET / HTTP/1.1\r\n\r\n",
      "hello\r\n\r\n",
    ]) {
      assert.match(await send(port, head), /^HTTP\/1\.1 400 /, head);
    }
    assert.deepEqual(said, []);
  });
});

test("a server closes at once when no client is there, also for one that connected in advance", async () => {
  const never = { headerTimeout: Infinity, requestTimeout: Infinity, idleTimeout: Infinity };
  await withServer(never, async (server, port) => {
    const silent = connect(port, "127.0.0.1");
    await once(silent, "connect");
    const kept = await fetch(server.url);
    assert.equal(await kept.text(), "ok");
    const gone = once(silent, "close");
    // The time that it would give to who has begun something.
    await server.close({ grace: 2 ** 31 - 1 });
    await gone;
    await server.close();
  });
});

test("where it cannot listen it says so, and which options it cannot take", async () => {
  await withServer({}, async (_, port) => {
    await assert.rejects(
      listen({ answer: async () => new Response(), port }),
      (error: Error) => isStoreError(error, "unavailable") && error.message.includes(`port ${port}`),
    );
  });
  await assert.rejects(
    listen({ answer: 1 as never, port: -1, tls: { key: "hush", cert: "" } }),
    (error: Error) =>
      isStoreError(error, "bad-config") &&
      /"answer".*"port".*"tls"/.test(error.message) &&
      !error.message.includes("hush"),
  );
});

test("where other machines reach it no client is let in unless a rule says so, whatever wraps the handler", async () => {
  const by = (): string => "one";
  const store = memory();
  const open = handler(store);
  const wrapped = logRequests({ write() {} })(limitRate({ perSecond: 1000, by })(compress(open)));
  for (const host of ["0.0.0.0", "localhost", "127.0.0.1"]) {
    for (const answer of [open, wrapped]) {
      await withServer({ answer, host }, async (_, port) => {
        for (const [method, status] of Object.entries({ HEAD: 404, PUT: 204, GET: 200, DELETE: 204 })) {
          const url = `http://${host === "localhost" ? host : "127.0.0.1"}:${port}/entry?key=a`;
          const response = await fetch(url, { method, ...(method === "PUT" && { body: "x" }) });
          assert.equal(response.status, host === "0.0.0.0" ? 401 : status, `${method} on ${host}`);
        }
      });
    }
  }
  const everyone = handler(store, { authorize: () => true });
  await withServer({ answer: everyone, host: "0.0.0.0" }, async (_, port) => {
    assert.equal((await fetch(`http://127.0.0.1:${port}/entries`)).status, 200);
  });
});

test("only the addresses of this machine alone are taken for such", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "::1", "[::1]"])
    assert.ok(isLoopback(host), host);
  for (const host of [
    "0.0.0.0",
    "::",
    "192.168.0.1",
    "127.0.0.1.example",
    "x127.0.0.1",
    "localhost.example",
    "::1\n",
    "",
  ])
    assert.ok(!isLoopback(host), host);
});

test("all that this room has works together under a remote", async () => {
  const lines: LogLine[] = [];
  const metrics = createMetrics();
  const store = metrics.watchStore(memory());
  const by = (): string => "one";
  const wrappers = [
    compress,
    limitStreams({ perHolder: 5, by }),
    limitRate({ perSecond: 100_000, by }),
    logRequests({ write: (line) => lines.push(JSON.parse(line) as LogLine) }),
    metrics.wrap,
  ];
  const answer = wrappers.reduce((next, wrap) => wrap(next), handler(store));
  const server = await listen({ answer });
  const far = remote({ url: server.url });
  const changes = far.watch({ prefix: "a" });
  const first = changes.next();
  const value = new TextEncoder().encode("value ".repeat(1000));
  await far.set("b", value);
  await Promise.all(Array.from({ length: 50 }, (_, at) => far.set(`a${at}`, value)));
  assert.equal((await first).value.type, "set");
  assert.deepEqual(await far.get("a7"), value);
  assert.equal(await far.increment("n"), 1);
  assert.match(metrics.text(), /shelflife_open_streams 1\n/);
  await changes.return!();
  await far.close();
  await server.close();
  await store.close();
  assert.match(metrics.text(), /shelflife_open_streams 0\n/);
  assert.ok(lines.some(({ resource, sent }) => resource === "changes" && sent > 0));
  assert.ok(lines.every(({ status }) => status < 300));
});

test("what a handler answers is a Response to whoever looks into it before it is sent, and may be changed", async () => {
  const wrappers: Record<string, (response: Response) => Response | Promise<Response>> = {
    nothing: (response) => response,
    "a header more": (response) => {
      response.headers.set("x-more", "5");
      return response;
    },
    "a copy": (response) => {
      assert.ok(response instanceof Response);
      assert.equal(response.bodyUsed, false);
      return new Response(response.body, response);
    },
    "a clone": async (response) => {
      const clone = response.clone();
      assert.deepEqual(await response.arrayBuffer(), await clone.clone().arrayBuffer());
      return clone;
    },
    "another body": async (response) =>
      new Response(`${await response.text()}!`, { headers: { shelflife: response.headers.get("shelflife")! } }),
  };
  for (const [name, wrap] of Object.entries(wrappers)) {
    const store = memory();
    await store.set("a", new TextEncoder().encode("value"));
    const serve = handler(store);
    await withServer({ answer: async (request) => wrap(await serve(request)) }, async ({ url }) => {
      const got = await fetch(`${url}entry?key=a`);
      assert.deepEqual([got.status, got.headers.get("shelflife")], [200, "ok"], name);
      assert.equal(got.headers.get("x-more"), name === "a header more" ? "5" : null, name);
      assert.equal(await got.text(), name === "another body" ? "value!" : "value", name);
    });
  }
});

test("a body that somebody has read before the handler is read again", async () => {
  const serve = handler(memory());
  const answer = async (request: Request): Promise<Response> => {
    if (request.method === "PUT") assert.equal(await request.clone().text(), "value");
    return serve(request);
  };
  await withServer({ answer }, async ({ url }) => {
    assert.equal((await fetch(`${url}entry?key=a`, { method: "PUT", body: "value" })).status, 204);
    assert.equal(await (await fetch(`${url}entry?key=a`)).text(), "value");
  });
});
