import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { listen, type Listening } from "../../src/service/listen.ts";
import { bytes, text } from "../support/pair.ts";

// What strangers try that belongs to no other file, over a socket. The list of all is SECURITY.md.

const store = memory();
let server: Listening;
beforeAll(async () => {
  server = await listen({ answer: handler(store, { maxBytes: 100_000, maxItems: 100 }) });
});
afterAll(() => server.close({ grace: 1 }));

const url = (path: string): string => server.url + path;
const entry = (key: string): string => url(`entry?key=${encodeURIComponent(key)}`);

/** Sends a request as it is written, and resolves with the heads and bodies that come back. */
async function raw(request: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  let answer = "";
  socket
    .setEncoding("latin1")
    .on("data", (chunk: string) => (answer += chunk))
    .on("error", () => {});
  socket.write(request, "latin1");
  await once(socket, "close");
  return answer;
}

test("no key, value or type puts a header or a second answer into what is sent", async () => {
  const injected = "a\r\nset-cookie: x=1\r\n\r\nHTTP/1.1 200 OK\r\ninjected: 1\r\n\r\n";
  const key = encodeURIComponent(injected);
  const head = "host: localhost\r\nconnection: close\r\n";
  const answers = [
    await raw(`GET /entry?key=${key} HTTP/1.1\r\n${head}\r\n`),
    await raw(`PUT /entry?key=${key} HTTP/1.1\r\n${head}content-length: 1\r\n\r\nx`),
    await raw(`PUT /entry?key=b HTTP/1.1\r\n${head}content-length: ${injected.length}\r\n\r\n${injected}`),
    await raw(`GET /entry?key=b HTTP/1.1\r\n${head}\r\n`),
    await raw(`HEAD /entry?key=${key} HTTP/1.1\r\n${head}\r\n`),
    await raw(`POST /increment?key=${key} HTTP/1.1\r\n${head}\r\n`),
    await raw(`GET /entries?cursor=${key} HTTP/1.1\r\n${head}\r\n`),
    await raw(`GET /entries?${key}=1 HTTP/1.1\r\n${head}\r\n`),
    await raw(`GET /${key} HTTP/1.1\r\n${head}\r\n`),
    await raw(`PUT /entry?key=c HTTP/1.1\r\n${head}content-type: text/html\rset-cookie: x=1\r\ncontent-length: 0\r\n\r\n`),
  ]; // prettier-ignore
  for (const answer of answers) {
    const [first] = answer.split("\r\n\r\n", 1);
    assert.match(first!, /^HTTP\/1\.1 \d{3} /);
    assert.doesNotMatch(first!, /^(set-cookie|injected)/im);
  }
  // The value is there as it was sent, behind the one head that is the server's.
  assert.ok(answers[3]!.endsWith(`\r\n\r\n${injected}`));
  assert.equal(text(await store.get(injected)), "x");
  assert.equal(await store.has("c"), false);

  // And none into what the other end sends.
  const seen: string[] = [];
  const far = remote({
    url: server.url,
    fetch(address, init) {
      const request = new Request(address, init);
      seen.push(...request.headers.keys());
      return fetch(request);
    },
  });
  await far.set(injected, bytes(injected));
  assert.equal(text(await far.get(injected)), injected);
  await far.update(injected, () => bytes("new"));
  assert.deepEqual(
    seen.filter((name) => /cookie|injected/.test(name)),
    [],
  );
  await far.close();
});

test("a path leads to no file and to no resource but ours, and a key is never a path", async () => {
  const keys = ["../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "file:///etc/passwd", "a\0.html", "%2e%2e%2f", "~root"]; // prettier-ignore
  for (const key of keys) {
    assert.equal((await fetch(entry(key))).status, 404, key);
    assert.equal((await fetch(entry(key), { method: "PUT", body: key })).status, 204, key);
    assert.equal(await (await fetch(entry(key))).text(), key);
  }
  for (const path of ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "etc/passwd%00", "\\..\\etc\\passwd"]) {
    const answer = await raw(`GET /${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 404 [^]*"code":"invalid-argument"/, path);
    assert.doesNotMatch(answer, /root:/, path);
  } // prettier-ignore
});

test("the names of an object's own are keys like any other, and change no prototype", async () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__", "valueOf"];
  const untouched = JSON.stringify(names.map((name) => String((Object.prototype as never)[name])));
  for (const name of names) {
    assert.equal((await fetch(entry(name))).status, 404, name);
    assert.equal((await fetch(entry(name), { method: "PUT", body: '{"polluted":1}' })).status, 204, name);
    assert.equal(await (await fetch(entry(name))).text(), '{"polluted":1}');
    assert.equal((await fetch(url(name))).status, 404, `path ${name}`);
    assert.equal((await fetch(url(`entry?key=a&${name}=1`))).status, 400, `parameter ${name}`);
    assert.equal((await fetch(url(`entry?${name}=a`))).status, 400, `parameter ${name}`);
    assert.equal((await fetch(url("entry?key=a"), { headers: { [name]: "polluted" } })).status, 404, `header ${name}`);
    assert.match(await raw(`${name} /entry?key=a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`), /^HTTP\/1\.1 40\d /);
    for (const head of [`{"${name}":{"polluted":1}}`, `{"calls":[["${name}","a"]]}`, `{"calls":[{"${name}":1}]}`])
      assert.equal((await fetch(url("batch"), { method: "POST", body: `${head}\n` })).status, 400, head);
  } // prettier-ignore
  const far = remote({ url: server.url });
  assert.deepEqual((await far.findMany(names)).map(text), names.map(() => '{"polluted":1}')); // prettier-ignore
  const listed = new Set((await far.list()).entries.map(({ key }) => key));
  assert.ok(names.every((name) => listed.has(name)));
  await far.close();
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.equal(JSON.stringify(names.map((name) => String((Object.prototype as never)[name]))), untouched);
});

test("whatever is too large or too many is refused, and nothing of it is done", async () => {
  const size = async (): Promise<number> => (await store.list({ limit: 10_000 })).entries.length;
  const held = await size();
  const post = async (head: unknown): Promise<number> =>
    (await fetch(url("batch"), { method: "POST", body: `${JSON.stringify(head)}\n` })).status;
  const many = Array.from({ length: 101 }, (_, at) => `many ${at}`);
  const put = async (path: string, init: RequestInit): Promise<number> =>
    (await fetch(path, { method: "PUT", ...init })).status;
  assert.deepEqual(
    [
      await put(entry("k".repeat(1025)), { body: "x" }),
      await put(entry("\u{1f600}".repeat(257)), { body: "x" }),
      await put(entry("large"), { body: new Uint8Array(100_001) }),
      await put(entry("named"), { body: "x", headers: { "idempotency-key": "n".repeat(1000) } }),
      await put(entry("typed"), { body: "x", headers: { "content-type": `text/${"x".repeat(1000)}` } }),
      await put(entry("ttl"), { body: "x", headers: { "shelflife-ttl": "1e400" } }),
      await post({ find: many }),
      await post({ delete: many }),
      await post({ set: many.map((key) => [key, 0, null]) }),
      await post({ calls: many.map((key) => ["set", key, 0, null]) }),
      await post({ set: [["declared", 2 ** 40, null]] }),
      (await fetch(url("entries?limit=1e9"))).status,
      (await fetch(url(`increment?key=n&by=${"9".repeat(400)}`), { method: "POST" })).status,
      (await fetch(url(`entry?key=${"%41".repeat(6000)}`), { method: "PUT", body: "x" })).status,
    ],
    [400, 400, 413, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 431],
  );
  assert.equal(await size(), held);
});

test("nothing that is answered is kept on the way, and no header that a cache does not know of changes an answer", async () => {
  await store.set("cached", bytes("value"));
  const paths = ["entry?key=cached", "entry?key=missing", "entries", "nowhere", "entry", "changes"];
  for (const path of paths) {
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(url(path), { method });
      assert.match(response.headers.get("cache-control") ?? "", /\bno-store\b/, `${method} ${path}`);
      await response.body?.cancel();
    }
  }
  const plain = await fetch(entry("cached"));
  const answered = [plain.status, await plain.text(), plain.headers.get("etag"), plain.headers.get("location")];
  for (const name of ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-original-url", "x-rewrite-url", "x-host", "forwarded", "x-http-method-override", "x-method-override"]) {
    for (const value of ["evil.test", "/entry?key=missing", "DELETE"]) {
      const response = await fetch(entry("cached"), { headers: { [name]: value } });
      const { headers, status } = response;
      assert.deepEqual([status, await response.text(), headers.get("etag"), headers.get("location")], answered, `${name}: ${value}`);
      assert.doesNotMatch(JSON.stringify([...headers]), /evil/);
    }
  } // prettier-ignore
  assert.equal(text(await store.get("cached")), "value");
});
