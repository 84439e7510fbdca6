import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, test } from "vitest";
import { serve, type Server } from "srvx";
import { memory } from "../../src/backends/memory.ts";
import type { Observer, Store } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { isStoreError } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { oddKeys } from "../../src/testing/cases/keys.ts";
import { bytes, text } from "../support/pair.ts";
import { until } from "../support/until.ts";

const servers: Server[] = [];
let store: Store;
let url: string;

/** Serves a store by node:http, on a free port unless one is given, and returns its address. */
async function listen(served: Store, options?: Parameters<typeof handler>[1], port = 0): Promise<string> {
  const server = serve({
    hostname: "127.0.0.1",
    port,
    silent: true,
    gracefulShutdown: false,
    fetch: handler(served, options),
  });
  servers.push(server);
  await server.ready();
  return new URL("some/where", server.url).href;
}

beforeAll(async () => {
  store = memory();
  url = await listen(store, { maxBytes: 5_000_000 });
});
afterAll(() => Promise.all(servers.map((server) => server.close(true))));

/** Writes a request as it is, and resolves with all that comes back until the server ends the connection. */
function raw(lines: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      socket.write([...lines, `host: ${hostname}:${port}`, "connection: close", "", body].join("\r\n"), "latin1");
    });
    socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
    socket.on("end", () => resolve(answer)).on("error", reject);
  });
}

test("every key survives a server", async () => {
  const far = remote({ url });
  const keys = new Set([
    ...oddKeys,
    "k".repeat(1024),
    "\u{1f600}".repeat(256),
    "%2e%2e/",
    "a;b",
    "a\\b",
    "?",
    "#",
    "&",
    "=",
  ]);
  for (const key of keys) await far.set(key, bytes(`value of ${key}`));
  for (const key of keys) {
    assert.equal(text(await far.get(key)), `value of ${key}`, JSON.stringify(key));
    assert.equal(text(await store.get(key)), `value of ${key}`, JSON.stringify(key));
  }
  assert.deepEqual(
    (await far.findMany(keys)).map(text),
    [...keys].map((key) => `value of ${key}`),
  );
  for (const key of keys) {
    assert.equal(await far.has(key), true);
    assert.equal(await far.touch(key, { ttl: 50_000 }), true);
    await far.update(key, () => bytes("new"));
    assert.equal(text(await far.take(key)), "new");
    assert.equal(await far.has(key), false);
  }
});

test("a request by hand is understood", async () => {
  const put = await raw(
    ["PUT /some/where/entry?key=a%2Fb HTTP/1.1", "content-length: 5", "shelflife-ttl: 60000"],
    "value",
  );
  assert.match(put, /^HTTP\/1\.1 204 /);
  assert.equal(text(await store.get("a/b")), "value");
  const get = await raw(["GET /some/where/entry?key=a/b HTTP/1.1"]);
  assert.match(get, /^HTTP\/1\.1 200 [^]*\r\ncontent-length: 5\r\n[^]*\r\n\r\nvalue$/i);
  const head = await raw(["HEAD /some/where/entry?key=a/b HTTP/1.1"]);
  assert.match(head, /^HTTP\/1\.1 200 [^]*\r\ncontent-length: 5\r\n[^]*\r\n\r\n$/i);
  const old = await raw(["GET /some/where/entry?key=a/b HTTP/1.0"]);
  assert.match(old, / 200 [^]*\r\n\r\nvalue$/i);
  const whole = await raw([`GET ${url}/entry?key=a/b HTTP/1.1`]);
  assert.match(whole, / 200 [^]*\r\n\r\nvalue$/i);
});

test("a key that is not encoded, or not well, is refused rather than taken for another", async () => {
  await store.set("\u00e9", bytes("one"));
  await store.set("\u00c3\u00a9", bytes("another"));
  for (const key of ["\u00c3\u00a9", "\u00e9", "%e9", "%", "%c3%28"]) {
    const answer = await raw([`GET /some/where/entry?key=${key} HTTP/1.1`]);
    // What is no ASCII at all a server may refuse before it comes to us.
    assert.match(answer, /^HTTP\/1\.1 400 /, key);
    if (key.startsWith("%")) assert.match(answer, /\r\nshelflife: invalid-argument\r\n/i, key);
  }
  assert.match(await raw(["GET /some/where/entry?key=%c3%a9 HTTP/1.1"]), /\r\n\r\none$/);
});

test("odd methods and paths get an answer of ours, or none of a store's", async () => {
  for (const line of [
    "PATCH /entry?key=a",
    "QUERY /entry?key=a",
    "GET //",
    "GET /entry/../entries/",
    "OPTIONS *",
    "GET /entry%3Fkey=a",
    "DELETE /",
  ]) {
    assert.match(await raw([`${line} HTTP/1.1`]), /^HTTP\/1\.1 (404|405) [^]*shelflife: invalid-argument/i, line);
  }
});

test("a body that is too large, announced or not, is refused", async () => {
  const far = remote({ url });
  await assert.rejects(far.set("large", new Uint8Array(5_000_001)), (error) => isStoreError(error));
  const status = await new Promise((resolve, reject) => {
    const sending = httpRequest(`${url}/entry?key=large`, { method: "PUT" }, (response) => {
      response.resume();
      resolve(response.statusCode);
      sending.destroy();
    });
    sending.on("error", reject);
    const send = (): void =>
      void (sending.destroyed || sending.write(new Uint8Array(100_000), () => setImmediate(send)));
    send();
  });
  assert.equal(status, 413);
  assert.equal(await store.has("large"), false);
  await far.set("large", new Uint8Array(5_000_000).fill(7));
  assert.deepEqual(await far.get("large"), new Uint8Array(5_000_000).fill(7));
});

test("a body that breaks off is not stored", async () => {
  const { hostname, port } = new URL(url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`PUT /entry?key=broken HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf`);
      setTimeout(() => socket.destroy(), 20);
    });
    socket.on("close", () => resolve());
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await store.has("broken"), false);
});

test("changes arrive over a socket, and a client that leaves ends the watch", async () => {
  const observers = new Set<Observer>();
  const watched = createStore({
    get: () => undefined,
    set: (key) => observers.forEach((observer) => observer.changed({ type: "set", key })),
    delete: () => false,
    isPersistent: () => false,
    watch(_, observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  });
  const far = remote({ url: await listen(watched, { resumeWithin: 1 }) });
  const watch = far.watch({ prefix: "a" });
  const first = watch.next();
  await far.set("b", bytes("x"));
  await far.set("a\n\u{1f600}", bytes("x"));
  assert.deepEqual(await first, { done: false, value: { type: "set", key: "a\n\u{1f600}" } });
  assert.equal(observers.size, 1);
  const waiting = watch.next();
  await watch.return!();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  await until(() => observers.size === 0);

  const controller = new AbortController();
  const aborted = far.watch({ signal: controller.signal }).next();
  const closed = far.watch().next();
  await far.set("b", bytes("x"));
  assert.equal((await closed).value.key, "b");
  assert.equal((await aborted).value.key, "b");
  assert.equal(observers.size, 1, "streams share a watch");
  controller.abort();
  await far.close();
  await until(() => observers.size === 0);
});

test("a server that goes away breaks the calls, and nothing hangs; a watch goes on when one is back", async () => {
  const gone = await listen(memory());
  const far = remote({ url: gone, attempts: 2, timeout: 2000 });
  const watch = far.watch();
  const next = watch.next();
  await far.has("a");
  await servers.pop()!.close(true);
  await assert.rejects(far.get("a"), (error) => isStoreError(error, "unavailable"));
  // Another, which knows nothing of what came before.
  const back = memory();
  await listen(back, undefined, Number(new URL(gone).port));
  assert.deepEqual((await next).value, { type: "resync" });
  await back.set("a", bytes("x"));
  assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  await far.close();
});

test("many calls at once are all answered", async () => {
  const far = remote({ url });
  await Promise.all(Array.from({ length: 200 }, (_, index) => far.set(`many ${index}`, bytes(`${index}`))));
  const found = await Promise.all(Array.from({ length: 200 }, (_, index) => far.get(`many ${index}`)));
  assert.deepEqual(
    found.map(text),
    Array.from({ length: 200 }, (_, index) => `${index}`),
  );
  assert.equal((await Promise.all(Array.from({ length: 100 }, () => far.increment("count")))).length, 100);
  assert.equal(text(await store.get("count")), "100");
});
