import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { createStore } from "../../src/core/createStore.ts";
import { isStoreError, StoreError } from "../../src/core/error.ts";
import { handler, type HandlerOptions } from "../../src/http/handler.ts";
import { faulty } from "../../src/testing/faulty.ts";
import { bytes, mount, pair, text } from "../support/pair.ts";

/** Asserts that an answer is a problem document with a status and a code, and returns it. */
async function problem(
  answer: Response | Promise<Response>,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  const response = await answer;
  const document = (await response.json()) as Record<string, unknown>;
  assert.deepEqual([response.status, document.status, document.code], [status, status, code], JSON.stringify(document));
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("shelflife"), code);
  assert.equal(typeof document.detail, "string");
  return document;
}

const etagOf = (value: string): string => `"${createHash("sha256").update(value).digest("hex")}"`;

test("an entry is one resource: PUT, GET, HEAD, DELETE", async () => {
  const { ask, clock, store } = pair();
  const put = await ask("PUT", "entry?key=a", { body: bytes("value"), headers: { "shelflife-ttl": "1500" } });
  assert.deepEqual([put.status, put.headers.get("shelflife"), await put.text()], [204, "ok", ""]);
  assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 1500);
  clock.advance(500);
  for (const method of ["GET", "HEAD"]) {
    const answer = await ask(method, "entry?key=a");
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), method === "GET" ? "value" : "");
    assert.deepEqual(Object.fromEntries(answer.headers), {
      "cache-control": "no-store, no-transform",
      "content-length": "5",
      "content-type": "application/octet-stream",
      etag: etagOf("value"),
      shelflife: "ok",
      "shelflife-ttl": "1000",
      "x-content-type-options": "nosniff",
    });
  }
  assert.equal((await ask("DELETE", "entry?key=a")).status, 204);
  const document = await problem(ask("GET", "entry?key=a"), 404, "not-found");
  assert.equal(document.key, "a");
  const head = await ask("HEAD", "entry?key=a");
  assert.deepEqual([head.status, head.headers.get("shelflife"), await head.text()], [404, "not-found", ""]);
  await problem(ask("DELETE", "entry?key=a"), 404, "not-found");
});

test("a value without a deadline has no ttl, and none is asked for by leaving it out", async () => {
  const { ask, store } = pair();
  await store.set("a", bytes("old"), { ttl: 1000 });
  await ask("PUT", "entry?key=a", { body: "value" });
  assert.equal((await ask("GET", "entry?key=a")).headers.get("shelflife-ttl"), null);
  await ask("PUT", "entry?key=empty", {});
  assert.equal((await store.get("empty")).length, 0);
});

test("a bad ttl is refused and touches nothing", async () => {
  const { ask, store } = pair();
  await store.set("a", bytes("old"));
  for (const ttl of ["0", "-1", "soon", "", "1e3", "0x10", "Infinity", "NaN", "5, 5", "1.", ".5"]) {
    const headers = { "shelflife-ttl": ttl };
    await problem(ask("PUT", "entry?key=a", { body: "new", headers }), 400, "invalid-argument");
    await problem(ask("POST", "touch?key=a", { headers }), 400, "invalid-argument");
    await problem(ask("POST", "increment?key=n", { headers }), 400, "invalid-argument");
  }
  await problem(ask("POST", "touch?key=a", { headers: { "shelflife-ttl": "keep" } }), 400, "invalid-argument");
  assert.equal(text(await store.get("a")), "old");
  assert.equal(await store.has("n"), false);
});

test("a key is percent-encoded UTF-8, strictly", async () => {
  const { ask, store } = pair();
  await store.set("\ufffd", bytes("not this one"));
  const bad = ["%", "%2", "%zz", "%ff", "%c3%28", "%ed%a0%80", "%c0%80", "%f4%90%80%80", "é", "\u{1f600}"];
  for (const key of bad) {
    const serve = handler(store);
    // A server may hand over the address as it came, where Request would have encoded it.
    const request = { url: `${mount}/entry?key=${key}`, method: "GET", headers: new Headers() } as Request;
    await problem(serve(request), 400, "invalid-argument");
  }
  for (const query of ["", "?", "?key", "?key=", "?key=a&key=b", "?key=a&kez=b", "?prefix=a", "?KEY=a", "?%6bey=a"]) {
    await problem(ask("GET", `entry${query}`), 400, "invalid-argument");
  }
  await problem(ask("GET", `entry?key=${"k".repeat(1025)}`), 400, "invalid-argument");
  await problem(ask("PUT", "entry?key=%00%zz", { body: "x" }), 400, "invalid-argument");
  await store.set("a+b c=d?e#", bytes("x"));
  for (const key of ["a%2Bb+c=d?e%23", "a%2bb%20c%3Dd%3Fe%23", "%61%2Bb+c%3dd?e%23#fragment"]) {
    assert.equal(await (await ask("GET", `entry?key=${key}`)).text(), "x", key);
  }
});

test("the mount does not matter, unless one is given", async () => {
  const store = memory();
  await store.set("a", bytes("x"));
  const anywhere = handler(store);
  const somewhere = handler(store, { base: "/some/where/" });
  const root = handler(store, { base: "/" });
  const get = (serve: typeof root, path: string): Promise<Response> => serve(new Request(`http://store.test${path}`));
  for (const path of ["/entry?key=a", "/some/where/entry?key=a", "/x//entry?key=a"]) {
    assert.equal((await get(anywhere, path)).status, 200, path);
  }
  assert.equal((await get(somewhere, "/some/where/entry?key=a")).status, 200);
  assert.equal((await get(root, "/entry?key=a")).status, 200);
  for (const path of ["/entry?key=a", "/some/entry?key=a", "/some/where/else/entry?key=a"]) {
    await problem(get(somewhere, path), 404, "invalid-argument");
  }
  await problem(get(root, "/some/entry?key=a"), 404, "invalid-argument");
});

test("an unknown path is no miss, an unknown method is told the known ones", async () => {
  const { ask } = pair();
  for (const path of ["", "none", "entry/", "entry/a", "Entry?key=a", "constructor", "__proto__", "toString"]) {
    await problem(ask("GET", path), 404, "invalid-argument");
  }
  const refused = await ask("POST", "entry?key=a");
  assert.equal(refused.headers.get("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  await problem(refused, 405, "invalid-argument");
  for (const [method, path] of [
    ["PATCH", "entry?key=a"],
    ["GET", "take?key=a"],
    ["PUT", "batch"],
    ["HEAD", "changes"],
  ] as const) {
    assert.equal((await ask(method, path)).status, 405, `${method} ${path}`);
  }
  const asked = await ask("OPTIONS", "take");
  assert.deepEqual(
    [asked.status, asked.headers.get("allow"), asked.headers.get("shelflife")],
    [204, "POST, OPTIONS", "ok"],
  );
});

test("If-Match and If-None-Match decide about a write", async () => {
  const { ask, store, clock } = pair();
  const put = (body: string, headers: Record<string, string>): Promise<Response> =>
    ask("PUT", "entry?key=a", { body, headers });
  const remove = (headers: Record<string, string>): Promise<Response> => ask("DELETE", "entry?key=a", { headers });
  await problem(put("1", { "if-match": "*" }), 412, "conflict");
  await problem(put("1", { "if-match": etagOf("1") }), 412, "conflict");
  assert.equal((await put("1", { "if-none-match": "*", "shelflife-ttl": "1000" })).status, 204);
  assert.equal((await problem(put("2", { "if-none-match": "*" }), 412, "conflict")).key, "a");
  await problem(put("2", { "if-match": etagOf("other") }), 412, "conflict");
  clock.advance(10);
  assert.equal((await put("2", { "if-match": etagOf("1"), "shelflife-ttl": "keep" })).status, 204);
  assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 990);
  assert.equal((await put("3", { "if-match": `"x", W/${etagOf("2")}`, "shelflife-ttl": "50" })).status, 204);
  assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 50);
  assert.equal((await put("4", { "if-match": "*" })).status, 204);
  assert.equal((await store.entry("a"))?.expiresAt, Infinity);
  await problem(put("5", { "if-none-match": etagOf("4") }), 412, "conflict");
  assert.equal((await put("5", { "if-none-match": etagOf("1") })).status, 204);
  await problem(remove({ "if-match": etagOf("4") }), 412, "conflict");
  assert.equal(text(await store.get("a")), "5");
  assert.equal((await remove({ "if-match": etagOf("5") })).status, 204);
  await problem(remove({ "if-match": etagOf("5") }), 412, "conflict");
  await problem(remove({ "if-none-match": etagOf("5") }), 404, "not-found");
  assert.equal(await store.has("a"), false);
});

test("a read may be conditional too, of the value or of what is told about it", async () => {
  const { ask, store, clock } = pair();
  await store.set("a", bytes("1"), { ttl: 1000 });
  const [mine, other] = [etagOf("1"), etagOf("2")];
  for (const method of ["GET", "HEAD"]) {
    const read = (headers: Record<string, string>, key = "a"): Promise<Response> =>
      ask(method, `entry?key=${key}`, { headers });
    for (const known of [mine, `W/${mine}`, `${other}, ${mine}`, "*"]) {
      const answer = await read({ "if-none-match": known });
      assert.deepEqual([answer.status, await answer.text(), answer.headers.get("etag")], [304, "", mine], known);
      assert.equal(answer.headers.get("shelflife-ttl"), "1000");
      assert.equal(answer.headers.get("content-length"), null);
    }
    for (const other of [etagOf("2"), '""', "1", ""])
      assert.equal((await read({ "if-none-match": other })).status, 200);
    for (const wanted of [mine, `${other},${mine}`, "*"])
      assert.equal((await read({ "if-match": wanted })).status, 200);
    const refused = await read({ "if-match": other });
    assert.deepEqual([refused.status, refused.headers.get("shelflife")], [412, "conflict"]);
    if (method === "GET") await problem(refused, 412, "conflict");
    // What is not there is a miss, whatever the condition.
    for (const name of ["if-match", "if-none-match"]) {
      const missed = await read({ [name]: "*" }, "none");
      assert.deepEqual([missed.status, missed.headers.get("shelflife")], [404, "not-found"], name);
    }
  }
  clock.advance(1000);
  await problem(ask("GET", "entry?key=a", { headers: { "if-none-match": mine } }), 404, "not-found");
});

test("of many conditional writes one wins, on any store", async () => {
  const { ask, store } = pair();
  await store.set("a", bytes("old"));
  const headers = { "if-match": etagOf("old") };
  const writes = Array.from({ length: 20 }, (_, index) => ask("PUT", "entry?key=a", { body: `${index}`, headers }));
  const removals = Array.from({ length: 20 }, () => ask("DELETE", "entry?key=a", { headers }));
  const statuses = (await Promise.all([...writes, ...removals])).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 204).length, 1);
  assert.equal(statuses.filter((status) => status === 412).length, 39);
});

test("a body that is too large is refused while it is read", async () => {
  const { ask, store } = pair({ handler: { maxBytes: 100 } });
  assert.equal((await ask("PUT", "entry?key=a", { body: "x".repeat(100) })).status, 204);
  await problem(ask("PUT", "entry?key=b", { body: "x".repeat(101) }), 413, "quota-exceeded");
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(30));
    },
    cancel: () => void (cancelled = true),
  });
  await problem(ask("PUT", "entry?key=b", { body, duplex: "half" } as RequestInit), 413, "quota-exceeded");
  assert.ok(pulled < 10 && cancelled);
  let read = false;
  const announced = new ReadableStream<Uint8Array>({ pull: () => void (read = true) }, { highWaterMark: 0 });
  const headers = { "content-length": "101" };
  await problem(
    ask("PUT", "entry?key=b", { body: announced, headers, duplex: "half" } as RequestInit),
    413,
    "quota-exceeded",
  );
  assert.equal(read, false);
  assert.equal(await store.has("b"), false);
});

test("a body that was cut on the way is not stored", async () => {
  const { ask, store } = pair();
  await problem(
    ask("PUT", "entry?key=a", { body: "half", headers: { "content-length": "8" } }),
    400,
    "invalid-argument",
  );
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes("half"));
      controller.error(new Error("reset"));
    },
  });
  await problem(ask("PUT", "entry?key=a", { body: broken, duplex: "half" } as RequestInit), 400, "invalid-argument");
  await problem(
    ask("PUT", "entry?key=a", { body: "x", headers: { "content-encoding": "gzip" } }),
    415,
    "invalid-argument",
  );
  await problem(
    ask("PUT", "entry?key=a", { body: "x", headers: { "content-range": "bytes 0-0/5" } }),
    415,
    "invalid-argument",
  );
  assert.equal(await store.has("a"), false);
});

test("a batch reads, writes or removes in one request", async () => {
  const { ask, store, clock } = pair();
  const set = '{"set":[["a",1,null],["b",0,500],["a",2,1000]]}\n';
  const body = Buffer.concat([Buffer.from(set), Buffer.from([10, 0, 255])]);
  assert.equal((await ask("POST", "batch", { body })).status, 204);
  assert.deepEqual(await store.entry("a"), { value: Uint8Array.of(0, 255), expiresAt: clock.now() + 1000 });
  assert.deepEqual(await store.entry("b"), { value: new Uint8Array(), expiresAt: clock.now() + 500 });
  await store.set("c", bytes("forever"));
  const found = await ask("POST", "batch", { body: '{"find":["c","none","a","c"]}\n' });
  assert.equal(found.headers.get("content-type"), "application/vnd.shelflife.frame");
  const lines = "[[7,null],null,[2,1000],[7,null]]\n";
  assert.deepEqual(
    Buffer.from(await found.arrayBuffer()),
    Buffer.concat([Buffer.from(`${lines}forever`), Buffer.from([0, 255]), Buffer.from("forever")]),
  );
  assert.equal(await (await ask("POST", "batch", { body: '{"delete":["a","none","a"]}\n' })).text(), "1");
});

test("a malformed batch is refused, and nothing of it is written", async () => {
  const { ask, store } = pair({ handler: { maxItems: 3 } });
  const bad = [
    "", "\n", "{}\n", "[]\n", "null\n", "5\n", "{", '{"find":"a"}\n', '{"find":["a"],"delete":["a"]}\n', '{"find":[5]}\n', '{"find":[""]}\n',
    '{"drop":[]}\n', '{"__proto__":[]}\n', '{"set":[["a",1,null]]}\n', '{"set":[["a",1,null]]}\nxx', '{"set":[["a",-1,null],["b",2,null]]}\nx',
    '{"set":[["a",0.5,null],["b",0.5,null]]}\nx', '{"set":[["a","1",null]]}\nx', '{"set":["a"]}\n', '{"set":[null]}\n', '{"set":[[]]}\n',
    '{"set":[["a",1,0]]}\nx', '{"set":[["a",1,"5"]]}\nx', '{"set":[["a",1,null],["",0,null]]}\nx', '{"set":[["\\ud800",1,null]]}\nx',
    '{"find":["a","b","c","d"]}\n', '{"set":[["a",9007199254740991,null],["b",9007199254740991,null]]}\nx',
  ]; // prettier-ignore
  for (const body of bad) await problem(ask("POST", "batch", { body }), 400, "invalid-argument");
  await problem(ask("POST", "batch", { body: Buffer.from([123, 255, 125, 10]) }), 400, "invalid-argument");
  assert.deepEqual((await store.list()).entries, []);
});

test("a batch reads no more than fits", async () => {
  const { ask, store } = pair({ handler: { maxBytes: 1000 } });
  await store.set("a", new Uint8Array(400));
  assert.equal((await ask("POST", "batch", { body: '{"find":["a","a"]}\n' })).status, 200);
  await problem(ask("POST", "batch", { body: '{"find":["a","a","a"]}\n' }), 413, "quota-exceeded");
});

test("a listing comes in pages, no longer than the limit", async () => {
  const { ask, store, clock } = pair({ handler: { maxItems: 2 } });
  await store.setMany([
    ["a/1", bytes("x")],
    ["a/2", bytes("xy"), { ttl: 1000 }],
    ["a/3", bytes("")],
    ["b", bytes("")],
  ]);
  clock.advance(1);
  const first = (await (await ask("GET", "entries?prefix=a%2F&limit=100")).json()) as {
    entries: unknown;
    cursor: string;
  };
  assert.deepEqual(first.entries, [
    { key: "a/1", ttl: null, size: 1 },
    { key: "a/2", ttl: 999, size: 2 },
  ]);
  const second = await (await ask("GET", `entries?prefix=a%2F&cursor=${encodeURIComponent(first.cursor)}`)).json();
  assert.deepEqual(second, { entries: [{ key: "a/3", ttl: null, size: 0 }] });
  for (const limit of ["0", "-1", "1.5", "many", "", "1e3"])
    await problem(ask("GET", `entries?limit=${limit}`), 400, "invalid-argument");
  await problem(ask("GET", "entries?prefix=%ff"), 400, "invalid-argument");
});

test("clearing everything has to be said", async () => {
  const { ask, store } = pair();
  await store.setMany([
    ["a", bytes("")],
    ["ab", bytes("")],
    ["b", bytes("")],
  ]);
  await problem(ask("DELETE", "entries"), 400, "invalid-argument");
  await problem(ask("DELETE", "entries?prefx=a"), 400, "invalid-argument");
  assert.equal((await ask("DELETE", "entries?prefix=a")).status, 204);
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["b"],
  );
  assert.equal((await ask("DELETE", "entries?prefix=")).status, 204);
  assert.deepEqual((await store.list()).entries, []);
});

test("take, increment, touch and sweep are one request each", async () => {
  const { ask, store, clock } = pair();
  await store.set("a", bytes("x"), { ttl: 10 });
  assert.equal((await ask("POST", "touch?key=a", { headers: { "shelflife-ttl": "50" } })).status, 204);
  assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 50);
  assert.equal((await ask("POST", "touch?key=a")).status, 204);
  assert.equal((await store.entry("a"))?.expiresAt, Infinity);
  const taken = await ask("POST", "take?key=a");
  assert.deepEqual([taken.headers.get("content-type"), await taken.text()], ["application/octet-stream", "x"]);
  await problem(ask("POST", "take?key=a"), 404, "not-found");
  await problem(ask("POST", "touch?key=a"), 404, "not-found");
  assert.equal(await (await ask("POST", "increment?key=n", { headers: { "shelflife-ttl": "20" } })).json(), 1);
  assert.equal(await (await ask("POST", "increment?key=n&by=-2.5")).json(), -1.5);
  for (const by of ["", "x", "0x10", "Infinity", "NaN", "1,5"])
    await problem(ask("POST", `increment?key=n&by=${by}`), 400, "invalid-argument");
  await store.set("word", bytes("seven"));
  assert.equal((await problem(ask("POST", "increment?key=word"), 422, "cant-decode")).key, "word");
  clock.advance(20);
  assert.equal(await (await ask("POST", "sweep")).json(), 1);
});

test("what a store cannot do is 501, a full one 507, a closed one 503", async () => {
  const poor = createStore({ get: () => undefined, set: () => {}, delete: () => false, isPersistent: () => false });
  const { ask } = pair({ store: poor });
  for (const [method, path] of [
    ["POST", "take?key=a"],
    ["GET", "entries"],
    ["POST", "sweep"],
    ["GET", "changes"],
  ] as const) {
    await problem(ask(method, path), 501, "unsupported");
  }
  const full = pair({ store: memory({ maxBytes: 10 }) });
  await problem(full.ask("PUT", "entry?key=a", { body: "x".repeat(20) }), 507, "quota-exceeded");
  await full.store.close();
  await problem(full.ask("GET", "entry?key=a"), 503, "unavailable");
});

test("an error that is no store's is told to the operator and not to the client", async () => {
  const told: unknown[] = [];
  let thrown: unknown;
  const store = faulty(memory(), () => ({ before: thrown }));
  const { ask } = pair({ store, handler: { onError: (error) => told.push(error) } });
  for (thrown of [
    new Error("secret"),
    "secret",
    null,
    undefined,
    { name: "StoreError", code: "secret\r\nx: y", message: "" },
  ]) {
    const document = await problem(ask("GET", "entry?key=a"), 500, "unavailable");
    assert.doesNotMatch(JSON.stringify(document), /secret/);
    assert.equal(told.at(-1), thrown);
  }
  thrown = new StoreError("unavailable", "Medium is gone");
  await problem(ask("GET", "entry?key=a"), 503, "unavailable");
  assert.equal(told.length, 6);
  thrown = new StoreError("cant-decode", "Record is damaged", { key: "a" });
  await problem(ask("GET", "entry?key=a"), 422, "cant-decode");
  assert.equal(told.length, 6);
});

test("options are checked, all at once", () => {
  const bad = {
    authorise: () => true,
    cors: ["https://a.test/"],
    maxBytes: 0,
    maxItems: "5",
    base: "store",
    now: 5,
    onError: "x",
  };
  assert.throws(
    () => handler(memory(), bad as unknown as HandlerOptions),
    (error) =>
      isStoreError(error, "bad-config") && Object.keys(bad).every((name) => error.message.includes(`"${name}"`)),
  );
  for (const cors of ["https://a.test", [5], ["a.test"], true]) {
    assert.throws(
      () => handler(memory(), { cors } as HandlerOptions),
      (error) => isStoreError(error, "bad-config"),
    );
  }
  handler(memory(), { cors: ["https://a.test:8443", "null", "capacitor://localhost"] });
});
