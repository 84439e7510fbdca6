import assert from "node:assert/strict";
import { gunzipSync, inflateSync } from "node:zlib";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { compress } from "../../src/service/compress.ts";

const long = "a value that repeats itself ".repeat(200);
const store = memory();
await store.set("long", new TextEncoder().encode(long));
await store.set("short", new TextEncoder().encode("short"));
await store.set("random", crypto.getRandomValues(new Uint8Array(10_000)));
const answer = compress(handler(store));
const ask = (key: string, accept?: string, init: RequestInit = {}): Promise<Response> =>
  answer(
    new Request(`http://x/entry?key=${key}`, {
      ...init,
      headers: { ...(init.headers as object), ...(accept !== undefined && { "accept-encoding": accept }) },
    }),
  );

test("a client gets the coding that it likes best, or none", async () => {
  const wanted: [accept: string | undefined, coding: string | null][] = [
    [undefined, null],
    ["", null],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["br, zstd", null],
    ["gzip, deflate, br", "gzip"],
    ["gzip;q=0.5, deflate;q=0.8", "deflate"],
    ["GZIP; q=0.3 , deflate ; q=0.2", "gzip"],
    ["gzip;q=0", null],
    ["gzip;q=0, *", "deflate"],
    ["*;q=0", null],
    ["identity, gzip;q=0.5", null],
    ["identity;q=0.2, gzip;q=0.5", "gzip"],
    ["gzip;q=2", null],
    ["gzip;q=abc,deflate", "deflate"],
    [`${"a,".repeat(1000)}gzip`, "gzip"],
  ];
  for (const [accept, coding] of wanted) {
    const response = await ask("long", accept);
    assert.equal(response.headers.get("content-encoding"), coding, accept);
    assert.equal(response.headers.get("vary"), "accept-encoding", accept);
    const body = Buffer.from(await response.arrayBuffer());
    assert.equal(Number(response.headers.get("content-length")), body.length, accept);
    const plain = coding === "gzip" ? gunzipSync(body) : coding ? inflateSync(body) : body;
    assert.equal(plain.toString(), long, accept);
    assert.ok(!coding || body.length < long.length / 10);
  }
});

test("what would not gain is sent as it is", async () => {
  for (const key of ["short", "random", "none"]) {
    const response = await ask(key, "gzip");
    assert.equal(response.headers.get("content-encoding"), null, key);
    assert.match(response.headers.get("etag") ?? '"', /^"/, key);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()).length > 0, true);
  }
  const random = await ask("random", "gzip");
  assert.deepEqual(new Uint8Array(await random.arrayBuffer()), await store.get("random"));
  const encoded = compress(
    async () => new Response(long, { headers: { "content-length": "5600", "content-encoding": "br" } }),
  );
  assert.equal((await encoded(new Request("http://x/", { headers: { "accept-encoding": "gzip" } }))).headers.get("content-encoding"), "br"); // prettier-ignore
  const picture = compress(async () => new Response(long, { headers: { "content-length": "5600", "content-type": "image/png" } })); // prettier-ignore
  assert.equal((await picture(new Request("http://x/", { headers: { "accept-encoding": "gzip" } }))).headers.get("content-encoding"), null); // prettier-ignore
});

test("a stream of events passes as it is", async () => {
  const response = await answer(new Request("http://x/changes", { headers: { "accept-encoding": "gzip" } }));
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.deepEqual([response.headers.get("content-encoding"), response.headers.get("vary")], [null, null]);
  await response.body!.cancel();
});

test("a tag becomes weak, and what it stands for is known by it", async () => {
  const strong = (await ask("long")).headers.get("etag")!;
  const weak = (await ask("long", "gzip")).headers.get("etag")!;
  assert.equal(weak, `W/${strong}`);
  for (const tag of [weak, strong]) {
    const known = await ask("long", "gzip", { headers: { "if-none-match": tag } });
    assert.deepEqual([known.status, await known.text(), known.headers.get("vary")], [304, "", "accept-encoding"]);
  }
});

test("HEAD gives no length that GET would not have", async () => {
  const head = await ask("long", "gzip", { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, null, ""]);
  assert.equal(head.headers.get("vary"), "accept-encoding");
  assert.equal((await ask("long", undefined, { method: "HEAD" })).headers.get("content-length"), String(long.length));
});

test("what varies already varies by this too", async () => {
  const cors = compress(handler(store, { cors: ["https://app.example"] }));
  const response = await cors(new Request("http://x/entry?key=long"));
  assert.equal(response.headers.get("vary"), "origin, accept-encoding");
});

test("a remote gets the same through it", async () => {
  // What fetch does by itself.
  const far = remote({
    url: "http://x",
    async fetch(url, init) {
      const request = new Request(url, init);
      request.headers.set("accept-encoding", "gzip");
      const response = await answer(request);
      if (response.headers.get("content-encoding") !== "gzip") return response;
      const plain = response.body!.pipeThrough(new DecompressionStream("gzip"));
      return new Response(plain, response);
    },
  });
  assert.equal(new TextDecoder().decode(await far.get("long")), long);
  // A conditional write goes by the tag that became weak.
  assert.equal((await far.update("long", (value) => value!.slice(1))).length, long.length - 1);
  assert.equal((await store.get("long")).length, long.length - 1);
  await far.close();
});
