import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { test, vi } from "vitest";
import type { Store } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { createRegistry } from "../../src/core/registry.ts";
import { isStoreError, StoreError, type StoreErrorCode } from "../../src/core/error.ts";
import { faulty } from "../../src/testing/faulty.ts";
import { memory } from "../../src/backends/memory.ts";
import { remote, remoteFactory, type RemoteOptions } from "../../src/http/remote.ts";
import { bytes, mount, pair, text } from "../support/pair.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

/** Reads what calls a request consists of. */
async function callsOf(request: Request): Promise<unknown[][]> {
  const [head] = (await request.clone().text()).split("\n");
  return (JSON.parse(head!) as { calls: unknown[][] }).calls;
}

const isSwap = async (request: Request): Promise<boolean> => (await callsOf(request))[0]![0] === "swap";

/** A remote that never pauses for long between two attempts. */
function impatient(options: Partial<RemoteOptions>): ReturnType<typeof remote> {
  return remote({ url: mount, ...options });
}

test("options are checked, all at once and without secrets", () => {
  const { valid } = createRegistry({ http: remoteFactory });
  const problemOf = (parameters: object): string => {
    try {
      valid({ backend: "http", parameters: parameters as RemoteOptions });
    } catch (error) {
      assert.ok(isStoreError(error, "bad-config"), String(error));
      return error.message;
    }
    return "none";
  };
  for (const url of ["http://a.test", "https://a.test:8080/b/c", "http://[::1]/", "HTTP://a.test/b"]) {
    assert.equal(problemOf({ url }), "none", url);
  }
  for (const url of ["foo", "", "ftp://a.test", "http://", "http://a.test?b", "http://a.test/#b", "/a", 5, {}, null]) {
    assert.match(problemOf({ url }), /option "url" must be an http or https URL, got /, String(url));
  }
  assert.match(problemOf({}), /option "url" must be .*, got undefined/);
  assert.doesNotMatch(problemOf({ url: "http://me:secret@a.test" }), /secret|none/);
  const message = problemOf({
    url: "foo",
    token: "secret\n",
    headers: { "bad name": "secret" },
    fetch: 5,
    timeout: 0,
    attempts: 0,
    retrys: 5,
  });
  for (const name of ["url", "token", "headers", "fetch", "timeout", "attempts", "retrys"]) {
    assert.match(message, new RegExp(`option "${name}"`));
  }
  assert.doesNotMatch(message, /secret/);
  assert.equal(
    problemOf({ url: mount, token: "a.b-c", headers: { "x-a": "b" }, timeout: Infinity, attempts: 1 }),
    "none",
  );
});

test("a mount may end in slashes, and requests carry the headers and the token", async () => {
  const seen: [string, string | null, string | null][] = [];
  const { far } = pair({
    between: (request, send) => {
      seen.push([request.url, request.headers.get("authorization"), request.headers.get("x-trace")]);
      return send(request);
    },
    remote: { url: `${mount}//`, token: "secret", headers: { "x-trace": "5" } },
  });
  await far.set("a b+c", bytes("x"));
  assert.equal(text(await far.get("a b+c")), "x");
  assert.deepEqual(
    seen,
    Array.from({ length: 2 }, () => [`${mount}/batch`, "Bearer secret", "5"]),
  );
});

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

test("a tag that a proxy made weak still holds for a change", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      if (response.headers.has("etag")) response.headers.set("etag", `W/${response.headers.get("etag")}`);
      return response;
    },
  });
  await store.set("a", bytes("1"));
  await far.update("a", () => bytes("2"));
  assert.equal(text(await store.get("a")), "2");
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
  const times: number[] = [];
  for (const wait of ["0.2", new Date(Date.now() + 2000).toUTCString()]) {
    times.length = 0;
    const { far } = pair({
      between: async (request, send) => {
        times.push(Date.now());
        if (times.length > 1) return send(request);
        return new Response("", { status: 429, headers: { "retry-after": wait } });
      },
    });
    assert.equal(await far.increment("n"), 1);
    assert.ok(times[1]! - times[0]! >= 195, `${times[1]! - times[0]!} ms after ${wait}`);
  }
  const { far, sent } = pair({
    between: async () => new Response("", { status: 503, headers: { "retry-after": "60" } }),
    remote: { timeout: 1000 },
  });
  await assert.rejects(far.get("a"), (error) => isUnavailable(error) && /status 503/.test(String(error)));
  assert.equal(sent.length, 1);
});

test("a handler is told how long the caller still waits", async () => {
  const told: (string | null)[] = [];
  const { far } = pair({
    between: async (request, send) => {
      told.push(request.headers.get("shelflife-timeout"));
      return send(request);
    },
    remote: { timeout: 5000 },
  });
  await far.set("a", bytes("x"));
  await far.get("a");
  assert.equal(told[1], null);
  assert.ok(Number(told[0]) > 0 && Number(told[0]) <= 5000);
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

test("a value that expires on the way is a miss", async () => {
  const { far, clock, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      clock.advance(10);
      return response;
    },
  });
  const reads: (() => Promise<unknown>)[] = [
    () => far.find("a"),
    async () => (await far.findMany(["a"]))[0],
    async () => (await far.list()).entries[0],
    async () => (await far.has("a")) || undefined,
    async () => (await far.entry("a"))?.value,
  ];
  for (const read of reads) {
    await store.set("a", bytes("x"), { ttl: 10 });
    assert.equal(await read(), undefined);
  }
});

test("an aborted call rejects with the reason, aborts its request and is not repeated", async () => {
  const signals: AbortSignal[] = [];
  const hanging = impatient({
    fetch: (_, { signal }) => {
      signals.push(signal!);
      return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    },
  });
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    hanging.get("a", { signal }),
    hanging.set("a", bytes("x"), { signal }),
    hanging.update("a", () => bytes("x"), { signal }),
    hanging.take("a", { signal }),
    hanging.watch({ signal }).next(),
  ];
  await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort(reason);
  for (const call of calls) await assert.rejects(call, (error) => error === reason);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.ok(signals.length > 0 && signals.every(({ aborted }) => aborted));
  // Four of the calls travelled together.
  assert.equal(signals.length, 2);
});

test("a call that hangs is an outage when its time is over, whether or not fetch heeds the signal", async () => {
  const hanging = impatient({ fetch: () => new Promise(() => {}), timeout: 30 });
  const started = performance.now();
  await assert.rejects(hanging.get("a"), isUnavailable);
  await assert.rejects(hanging.take("a"), /within 30 ms/);
  assert.ok(performance.now() - started < 1000);
});

test("a body that never ends is an outage when the time is over", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(bytes("x")) }), response);
    },
    remote: { timeout: 30 },
  });
  await store.set("a", bytes("value"));
  await assert.rejects(far.get("a"), isUnavailable);
});

test("an endless timeout does not fire at once", async () => {
  const { far } = pair({
    between: async (request, send) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return send(request);
    },
    remote: { timeout: Infinity },
  });
  assert.equal(await far.find("a"), undefined);
  await far.set("a", bytes("x"));
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

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

test("an error of the store arrives with its code, message and key", async () => {
  let thrown: unknown;
  const store = faulty(memory(), () => ({ before: thrown }));
  const { far } = pair({ store, remote: { attempts: 1 } });
  const codes: StoreErrorCode[] = [
    "cant-decode",
    "invalid-argument",
    "unsupported",
    "quota-exceeded",
    "unavailable",
    "unauthorized",
  ];
  for (const code of codes) {
    thrown = new StoreError(code, `Cannot do it to "ü😀": expected ${code}`, { key: "ü😀\0" });
    for (const call of [
      () => far.get("ü😀\0"),
      () => far.set("a", bytes("x")),
      () => far.increment("ü😀\0"),
      () => far.findMany(["a"]),
    ]) {
      await assert.rejects(call, (error) => {
        assert.ok(isStoreError(error, code));
        assert.deepEqual([error.message, error.key], [(thrown as StoreError).message, "ü😀\0"]);
        return true;
      });
    }
  }
  thrown = new StoreError("closed", "Store is closed: expected an open one");
  await assert.rejects(far.get("a"), isUnavailable, "a store that is closed far away");
  thrown = new Error("password=secret in /etc/store");
  await assert.rejects(far.get("a"), (error) => isUnavailable(error) && !String(error).includes("secret"));
  thrown = new StoreError("unauthorized", "No");
  await assert.rejects(far.has("a"), (error) => isStoreError(error, "unauthorized"), "an answer to HEAD");
});

test("no message tells a value, a token or a header", async () => {
  const { far } = pair({
    between: async () => new Response("secret", { headers: { shelflife: "ok" } }),
    remote: { token: "secret", headers: { "x-key": "secret" }, attempts: 1 },
  });
  for (const call of [() => far.list(), () => far.findMany(["a"]), () => far.increment("a")]) {
    await assert.rejects(call, (error) => isUnavailable(error) && !String(error).includes("secret"));
  }
});

test("fifty updates at once in a process do not fight", async () => {
  const { far, store, sent } = pair();
  await Promise.all(
    Array.from({ length: 50 }, () => far.update("n", (value) => bytes(`${Number(text(value) ?? 0) + 1}`))),
  );
  assert.equal(text(await store.get("n")), "50");
  assert.equal(sent.length, 100);
});

test("a value as large as a handler takes can be written, read and changed", async () => {
  const { far, store } = pair({ handler: { maxBytes: 100_000 } });
  const key = "\u0001".repeat(1024);
  await far.set(key, new Uint8Array(100_000).fill(1));
  const next = new Uint8Array(100_000).fill(2);
  await far.update(key, (value) => {
    assert.deepEqual(value, new Uint8Array(100_000).fill(1));
    return next;
  });
  assert.deepEqual(await store.get(key), next);
  await assert.rejects(far.set("a", new Uint8Array(100_001)), (error) => isStoreError(error, "quota-exceeded"));
  await far.update(key, () => undefined);
  assert.equal(await store.find(key), undefined);
});

test("updates of different keys do not wait for one another", async () => {
  const { far } = pair({
    between: async (request, send) =>
      (await callsOf(request)).some(([, key]) => key === "slow") ? new Promise(() => {}) : send(request),
    remote: { timeout: 200 },
  });
  const slow = assert.rejects(
    far.update("slow", () => bytes("x")),
    isUnavailable,
  );
  // What is asked for at once travels together.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await far.update("fast", () => bytes("x"));
  await slow;
  assert.equal(text(await far.update("fast", () => bytes("y"))), "y");
});

test("updates of several remotes are never lost", async () => {
  const { store, ask } = pair();
  const fetch = (url: string, init: RequestInit): Promise<Response> =>
    ask(init.method!, url.slice(mount.length + 1), init);
  const remotes = Array.from({ length: 10 }, () => remote({ url: mount, fetch }));
  await Promise.all(
    remotes.flatMap((far) =>
      Array.from({ length: 10 }, () => far.update("n", (value) => bytes(`${Number(text(value) ?? 0) + 1}`))),
    ),
  );
  assert.equal(text(await store.get("n")), "100");
});

test("a change that others always outrun is a conflict in the end", async () => {
  let changes = 0;
  const random = vi.spyOn(Math, "random").mockReturnValue(-0.5);
  const { far, store, sent } = pair({
    between: async (request, send) => {
      if (await isSwap(request)) await store.set("a", bytes(`${changes++}`));
      return send(request);
    },
  });
  await assert.rejects(
    far.update("a", () => bytes("mine")),
    (error) => isStoreError(error, "conflict") && error.key === "a",
  );
  random.mockRestore();
  assert.equal(changes * 2, sent.length);
  assert.equal(text(await store.get("a")), `${changes - 1}`);
});

test("a deadline that somebody gives meanwhile survives a change that keeps it", async () => {
  const { far, store, clock } = pair({
    between: async (request, send) => {
      if (await isSwap(request)) await store.touch("a", { ttl: 50 });
      return send(request);
    },
  });
  await store.set("a", bytes("1"), { ttl: 1000 });
  await far.update("a", () => bytes("2"));
  assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 50);
});

test("close lets calls finish, those that wait for their turn too", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return send(request);
    },
  });
  const calls = [far.set("a", bytes("x")), far.update("b", () => bytes("y")), far.update("b", () => bytes("z"))];
  await far.close();
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["x", "z"]);
  await Promise.all(calls);
});
