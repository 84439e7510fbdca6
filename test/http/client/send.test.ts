import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { onTestFinished, test, vi } from "vitest";
import type { Store } from "../../../src/core/contract.ts";
import { createStore } from "../../../src/core/createStore.ts";
import { isStoreError, StoreError } from "../../../src/core/error.ts";
import { remote } from "../../../src/http/remote.ts";
import { bytes, mount, pair, text } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

/** Reads what calls a request consists of. */
async function callsOf(request: Request): Promise<unknown[][]> {
  const [head] = (await request.clone().text()).split("\n");
  return (JSON.parse(head!) as { calls: unknown[][] }).calls;
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

test("fetch is called as a function of nobody's, and late", async () => {
  const { far } = pair({
    remote: {
      async fetch(this: unknown) {
        assert.equal(this, undefined);
        return new Response("[null]\n", { headers: { shelflife: "ok" } });
      },
    },
  });
  assert.equal(await far.find("a"), undefined);
  const replaced = vi
    .spyOn(globalThis, "fetch")
    .mockImplementation(async () => new Response("[null]\n", { headers: { shelflife: "ok" } }));
  assert.equal(await remote({ url: mount }).has("a"), false);
  assert.equal(replaced.mock.calls.length, 1);
  replaced.mockRestore();
});

test("a stranger's answer is an outage, never a miss or a value", async () => {
  const strangers: [string, () => Response][] = [
    ["a 404 page", () => new Response("<h1>Not found</h1>", { status: 404 })],
    ["a 200 page", () => new Response("welcome")],
    ["an empty 204", () => new Response(null, { status: 204 })],
    ["a 502", () => new Response("bad gateway", { status: 502 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "http://login.test" } })],
    ["a problem document", () => Response.json({ code: "not-found" }, { status: 404 })],
    [
      "an ok whose body is none of ours",
      () => new Response("x", { headers: { shelflife: "ok", "shelflife-ttl": "soon" } }),
    ],
    ["an error without a document", () => new Response("oops", { headers: { shelflife: "conflict" } })],
  ];
  for (const [name, answer] of strangers) {
    const { far } = pair({ between: async () => answer(), remote: { attempts: 1 } });
    const calls: Record<string, () => Promise<unknown>> = {
      get: () => far.get("a"),
      find: () => far.find("a"),
      findMany: () => far.findMany(["a"]),
      list: () => far.list(),
      increment: () => far.increment("a"),
      update: () => far.update("a", () => bytes("x")),
      sweep: () => far.sweep(),
      deleteMany: () => far.deleteMany(["a"]),
      take: () => far.take("a"),
    };
    for (const [call, run] of Object.entries(calls)) await assert.rejects(run, isUnavailable, `${call}, ${name}`);
    if (name.startsWith("an ok")) continue;
    for (const run of [
      () => far.set("a", bytes("x")),
      () => far.delete("a"),
      () => far.has("a"),
      () => far.touch("a", { ttl: 1 }),
    ]) {
      await assert.rejects(run, (error) => !isStoreError(error, "not-found") && isStoreError(error), name);
    }
  }
});

test("an answer that is cut short is an outage", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      const { status, headers, ...answer } = await send(request).then(async (response) => ({
        status: response.status,
        headers: response.headers,
        body: await response.arrayBuffer(),
      }));
      return new Response(answer.body.slice(0, -1), { status, headers });
    },
    remote: { attempts: 1 },
  });
  await store.set("a", bytes("value"));
  for (const run of [() => far.get("a"), () => far.findMany(["a"]), () => far.list(), () => far.take("a")]) {
    await assert.rejects(run, isUnavailable);
  }
});

test("a compressed answer has another length", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      const headers = new Headers(response.headers);
      headers.set("content-encoding", "gzip");
      headers.set("content-length", "3");
      headers.set("etag", `W/${headers.get("etag")}`);
      return new Response(response.body, { status: response.status, headers });
    },
  });
  await store.set("a", bytes("value"));
  assert.equal(text(await far.get("a")), "value");
});

test("every request is repeated, and what must not be applied twice has a name of its own", async () => {
  const calls: [string, boolean, (far: Store) => Promise<unknown>][] = [
    ["POST batch", false, (far) => far.get("a")],
    ["POST batch", false, (far) => far.has("a")],
    ["GET entries", false, (far) => far.list()],
    ["POST batch", false, (far) => far.set("a", bytes("x"))],
    ["POST batch", false, (far) => far.findMany(["a"])],
    ["POST batch", false, (far) => far.setMany([["a", bytes("x")]])],
    ["POST batch", true, (far) => far.deleteMany(["a"])],
    ["POST batch", true, (far) => far.delete("a")],
    ["DELETE entries", true, (far) => far.clear()],
    ["POST batch", true, (far) => far.take("a")],
    ["POST batch", true, (far) => far.increment("a")],
    ["POST batch", true, (far) => far.touch("a", { ttl: 5 })],
    ["POST sweep", true, (far) => far.sweep()],
    ["POST batch", false, (far) => far.update("a", () => bytes("x"))],
    ["POST batch", false, (far) => Promise.all([far.get("a"), far.set("b", bytes("x"))])],
    ["POST batch", true, (far) => Promise.all([far.get("a"), far.take("b")])],
  ];
  const names = new Set<string | null>();
  await Promise.all(
    calls.map(async ([target, isNamed, run]) => {
      const used: (string | null)[] = [];
      const { far, sent } = pair({
        between: async ({ headers }) => {
          used.push(headers.get("idempotency-key"));
          return new Response("", { status: 503 });
        },
        remote: { attempts: 3 },
      });
      await assert.rejects(run(far), isUnavailable, target);
      assert.deepEqual(sent, [target, target, target]);
      assert.equal(new Set(used).size, 1, target);
      assert.equal(used[0] !== null, isNamed, target);
      if (isNamed) assert.ok(!names.has(used[0]!), "a name is used once");
      names.add(used[0]!);
    }),
  );
});

test("what is repeated because its answer was lost is applied once", async () => {
  let losses = 0;
  const { far, sent, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      return losses++ % 2 === 0 ? new Response("", { status: 504 }) : response;
    },
  });
  assert.equal(await far.setIfAbsent("a", bytes("x")), true);
  assert.deepEqual(sent.splice(0), Array(4).fill("POST batch"));
  assert.equal(await far.increment("n"), 1);
  assert.equal(await far.increment("n"), 2);
  assert.equal(text(await far.take("a")), "x");
  await far.set("b", bytes("y"));
  await far.delete("b");
  await store.setMany([
    ["c", bytes("1")],
    ["d", bytes("2")],
  ]);
  assert.equal(await far.deleteMany(["c", "d", "e"]), 2);
  assert.deepEqual(await Promise.all([far.increment("n"), far.increment("n"), far.increment("m", 5)]), [3, 4, 5]);
  assert.equal(text(await store.get("n")), "4");
});

test("a handler's own answer is the last word about what must not be applied twice", async () => {
  const failing = createStore({
    get: () => undefined,
    set: () => {},
    delete: () => false,
    isPersistent: () => false,
    take: () => Promise.reject(new StoreError("unavailable", "Disk is gone: expected it to be there")),
  });
  const { far, sent } = pair({ store: failing });
  await assert.rejects(far.take("a"), (error) => isUnavailable(error) && /Disk is gone/.test(String(error)));
  assert.deepEqual(sent, ["POST batch"]);
});

test("as long as an answer asks to wait, nothing is sent, unless that is too long", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  // What is added to a wait by chance is nothing.
  vi.spyOn(Math, "random").mockReturnValue(-0.5);
  for (const isDate of [false, true]) {
    const { far, sent, clock } = pair({
      between: async (request, send) => {
        if (sent.length > 1) return send(request);
        return new Response("", { status: 429, headers: { "retry-after": isDate ? date.toUTCString() : "0.2" } });
      },
    });
    const date = new Date(Math.ceil(clock.now() / 1000) * 1000 + 2000);
    const wait = isDate ? date.getTime() - clock.now() : 200;
    const timers = vi.getTimerCount();
    const sum = far.increment("n");
    // One for the time that the call has, one for the wait.
    await until(() => vi.getTimerCount() === timers + 2);
    await vi.advanceTimersByTimeAsync(wait - 1);
    assert.equal(sent.length, 1);
    await vi.advanceTimersByTimeAsync(1);
    assert.equal(await sum, 1);
    assert.equal(sent.length, 2);
  }
  const { far, sent } = pair({
    between: async () => new Response("", { status: 503, headers: { "retry-after": "60" } }),
    remote: { timeout: 1000 },
  });
  await assert.rejects(far.get("a"), (error) => isUnavailable(error) && /status 503/.test(String(error)));
  assert.equal(sent.length, 1);
});

test("an outage that ends in time is not noticed", async () => {
  let outages = 3;
  const { far, sent } = pair({
    between: async (request, send) => {
      if (outages-- > 0) throw new TypeError("connection refused");
      return send(request);
    },
  });
  await far.set("a", bytes("x"), { ttl: 1000 });
  assert.equal(sent.length, 4);
  assert.equal(text(await far.get("a")), "x");
});

test("the ttl of a repeated write is what is left of it", async () => {
  const ttls: unknown[] = [];
  const { far, clock, store } = pair({
    between: async (request, send) => {
      ttls.push((await callsOf(request))[0]![3]);
      if (ttls.length > 1) return send(request);
      clock.advance(400);
      return new Response("", { status: 503 });
    },
  });
  const start = clock.now();
  await far.set("a", bytes("x"), { ttl: 1000 });
  assert.deepEqual(ttls, [1000, 600]);
  assert.equal((await store.entry("a"))?.expiresAt, start + 1000);
});

test("a refused connection is an outage", async () => {
  const server = createTcpServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(remote({ url, attempts: 2 }).find("a"), isUnavailable);
});

test("a connection that breaks within the body is an outage", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { shelflife: "ok", "content-length": "10" });
    response.write("half");
    setTimeout(() => response.destroy(), 10);
  });
  const url = await listening(server);
  await assert.rejects(remote({ url, attempts: 1 }).get("a"), isUnavailable);
  server.close();
});

test("an answer that is no HTTP is an outage", async () => {
  const server = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
  const url = await listening(server);
  await assert.rejects(remote({ url, attempts: 1 }).get("a"), isUnavailable);
  server.close();
});
