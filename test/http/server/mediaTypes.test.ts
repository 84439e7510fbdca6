import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { isStoreError, StoreError } from "../../../src/core/error.ts";
import { prefix } from "../../../src/views/prefix.ts";
import { handler } from "../../../src/http/handler.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { bytes, mount, pair, text, type Pair } from "../../support/pair.ts";

const plain = "application/octet-stream";
const page = "text/html; charset=utf-8";

const put = (ask: Pair["ask"], key: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask("PUT", `entry?key=${key}`, { body: bytes(body), headers });

async function typeOf(ask: Pair["ask"], key: string, headers: Record<string, string> = {}): Promise<string | null> {
  const [get, head] = [await ask("GET", `entry?key=${key}`, { headers }), await ask("HEAD", `entry?key=${key}`)];
  if (!headers["sec-fetch-dest"]) assert.equal(head.headers.get("content-type"), get.headers.get("content-type"));
  return get.headers.get("content-type");
}

for (const [where, types] of [
  ["this process", () => undefined],
  ["a store", () => memory()],
] as const) {
  test(`a value keeps the type that it was written with, in ${where}`, async () => {
    const { ask, far, store } = pair({ handler: { types: types() } });
    for (const type of [
      page,
      "image/png",
      'multipart/form-data; boundary="a \\" b"',
      "application/vnd.a+json;a=b;c=d",
      "x/y;",
    ]) {
      assert.equal((await put(ask, "a", "value", { "content-type": type })).status, 204);
      assert.equal(await typeOf(ask, "a"), type);
      assert.equal(text(await far.get("a")), "value");
    }
    await put(ask, "b", "value");
    assert.equal(await typeOf(ask, "b"), plain);
    await put(ask, "a", "value", { "content-type": plain });
    assert.equal(await typeOf(ask, "a"), plain);
    // What a store of its own has remembered, and no other key.
    assert.deepEqual(
      (await store.list()).entries.map(({ key }) => key),
      ["a", "b"],
    );
  });

  test(`a type belongs to no other bytes, whoever wrote them, in ${where}`, async () => {
    const { ask, far, store } = pair({ handler: { types: types() } });
    await put(ask, "a", "<p>", { "content-type": page });
    await far.set("a", bytes("by the remote"));
    assert.equal(await typeOf(ask, "a"), plain);
    await store.set("a", bytes("by somebody"));
    assert.equal(await typeOf(ask, "a"), plain);
    await put(ask, "a", "without a type");
    assert.equal(await typeOf(ask, "a"), plain);
    await put(ask, "b", "<p>");
    assert.equal(await typeOf(ask, "b"), plain);
    await store.set("a", bytes("<p>"));
    assert.equal(await typeOf(ask, "a"), page, "the same bytes under the same key");
  });

  test(`a write that is refused changes no type, one on a condition does, in ${where}`, async () => {
    const { ask, store, clock } = pair({ handler: { types: types() } });
    await put(ask, "a", "<p>", { "content-type": page });
    const refused = await put(ask, "a", "<p>", { "content-type": "text/plain", "if-none-match": "*" });
    assert.equal(refused.status, 412);
    assert.equal(await typeOf(ask, "a"), page);
    const tag = (await ask("GET", "entry?key=a")).headers.get("etag")!;
    await put(ask, "a", "x", { "content-type": "text/plain", "if-match": tag, "shelflife-ttl": "1000" });
    assert.equal(await typeOf(ask, "a"), "text/plain");
    clock.advance(10);
    await put(ask, "a", "y", { "content-type": "text/css", "shelflife-ttl": "keep" });
    assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 990);
    assert.equal(await typeOf(ask, "a"), "text/css");
  });

  test(`of many who write a key at once the last one's type is there, in ${where}`, async () => {
    const { ask } = pair({ handler: { types: types() } });
    const put4 = [0, 1, 2, 3].map((at) => put(ask, "a", `value ${at}`, { "content-type": `text/x${at}` }));
    await Promise.all(put4);
    const answer = await ask("GET", "entry?key=a");
    assert.equal(answer.headers.get("content-type"), `text/x${(await answer.text()).at(-1)}`);
  });

  test(`a scope's types are its own, in ${where}`, async () => {
    const store = memory();
    const serve = handler(store, {
      types: types(),
      authorize: ({ headers }) => ({ prefix: headers.get("authorization")! }),
    });
    const as =
      (who: string): Pair["ask"] =>
      (method, path, init) =>
        serve(
          new Request(`${mount}/${path}`, {
            method,
            ...init,
            headers: { ...(init?.headers as {}), authorization: who },
          }),
        );
    await put(as("1/"), "a", "<p>", { "content-type": page });
    await put(as("2/"), "a", "<p>");
    assert.deepEqual([await typeOf(as("1/"), "a"), await typeOf(as("2/"), "a")], [page, plain]);
  });
}

test("what is no media type is refused, and nothing is written", async () => {
  const { ask, store } = pair();
  const bad = ["text", "/", "text/", "/plain", "text/html, text/plain", "text/html; charset", "a b/c", 'a/b; c="', "a/b; c=d e", `text/${"x".repeat(256)}`, "text/\u00fc", "a/b;c=\u00fc"]; // prettier-ignore
  for (const type of bad) {
    const answer = await put(ask, "a", "x", { "content-type": type });
    assert.deepEqual([answer.status, answer.headers.get("shelflife")], [400, "invalid-argument"], type);
  }
  assert.equal(await store.has("a"), false);
  const evil = { "content-type": `a/b;${" ".repeat(240)}x` };
  assert.equal((await put(ask, "a", "x", evil)).status, 400);
});

test("a value of a type is shown without power, and is no program", async () => {
  const { ask } = pair();
  await put(ask, "a", "<script>", { "content-type": page });
  const { headers } = await ask("GET", "entry?key=a");
  assert.equal(headers.get("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  await put(ask, "b", "x=1", { "content-type": "text/javascript" });
  for (const [dest, type] of [
    ["script", plain],
    ["serviceworker", plain],
    ["worker", plain],
    ["sharedworker", plain],
    ["audioworklet", plain],
    ["xslt", plain],
    ["document", "text/javascript"],
    ["image", "text/javascript"],
    ["empty", "text/javascript"],
  ] as const) {
    assert.equal(await typeOf(ask, "b", { "sec-fetch-dest": dest }), type, dest);
  }
  const known = await ask("GET", "entry?key=a", { headers: { "if-none-match": headers.get("etag")! } });
  assert.deepEqual([known.status, known.headers.get("content-type")], [304, null]);
});

test("a name under which a value was written stands for its type too", async () => {
  const { ask } = pair();
  const named = { "idempotency-key": "x" };
  assert.equal((await put(ask, "a", "x", { ...named, "content-type": "text/css" })).status, 204);
  assert.equal((await put(ask, "a", "x", { ...named, "content-type": "text/css" })).status, 204);
  assert.equal((await put(ask, "a", "x", { ...named, "content-type": page })).status, 422);
  assert.equal(await typeOf(ask, "a"), "text/css");
});

test("in this process the types of the last 10,000 keys are remembered", async () => {
  const { ask } = pair();
  for (let at = 0; at <= 10_000; at++) await put(ask, `k${at}`, "x", { "content-type": "text/css" });
  assert.deepEqual(
    [await typeOf(ask, "k0"), await typeOf(ask, "k1"), await typeOf(ask, "k10000")],
    [plain, "text/css", "text/css"],
  );
});

test("in a store types outlive a restart, and live as long as the value", async () => {
  const { now, advance } = createClock();
  const both = memory({ now });
  const [store, types] = [prefix(both, "values/"), prefix(both, "types/")];
  const open = (): Pair["ask"] => {
    const serve = handler(store, { types, now });
    return (method, path, init) => serve(new Request(`${mount}/${path}`, { method, ...init }));
  };
  await put(open(), "a", "x", { "content-type": page, "shelflife-ttl": "1000" });
  await put(open(), "b", "x", { "content-type": page });
  assert.equal(await typeOf(open(), "a"), page);
  await open()("POST", "touch?key=a", { headers: { "shelflife-ttl": "5000" } });
  advance(4999);
  assert.equal(await typeOf(open(), "a"), page);
  advance(1);
  const keysOf = async (): Promise<string[]> => (await types.list()).entries.map(({ key }) => key);
  assert.deepEqual(await keysOf(), ["b"]);
  const ask = open();
  const removals: [string, string, RequestInit?][] = [
    ["DELETE", "entry?key=b"],
    ["DELETE", "entry?key=b", { headers: { "if-match": "*" } }],
    ["DELETE", "entries?prefix=b"],
    ["POST", "take?key=b"],
    ["POST", "batch", { body: '{"delete":["b"]}\n' }],
    ["POST", "batch", { body: '{"calls":[["take","b"]]}\n' }],
    ["POST", "batch", { body: '{"calls":[["delete","b"]]}\n' }],
  ];
  for (const [method, path, init] of removals) {
    await put(ask, "b", "x", { "content-type": page });
    await put(ask, "c", "x", { "content-type": page });
    assert.ok((await ask(method, path, init)).ok, `${method} ${path}`);
    assert.deepEqual(await keysOf(), ["c"], `${method} ${path}`);
    assert.equal(await store.has("c"), true);
  }
});

test("a store that remembers types and fails is an outage, not a value of no type", async () => {
  let isDown = false;
  const reported: unknown[] = [];
  const error = new StoreError("unavailable", "Notes are gone");
  const inner = memory();
  const types = faulty(inner, () => (isDown ? { before: error } : undefined));
  const { ask, store } = pair({ handler: { types, onError: (each) => reported.push(each) } });
  await put(ask, "a", "x", { "content-type": page });
  isDown = true;
  assert.equal((await ask("GET", "entry?key=a")).status, 503);
  assert.equal((await put(ask, "a", "y", { "content-type": page })).status, 503);
  reported.length = 0;
  // What is removed is removed, and whoever runs this hears of it.
  assert.equal((await ask("DELETE", "entry?key=a")).status, 204);
  assert.equal(await store.has("a"), false);
  assert.deepEqual(reported, [error]);
  isDown = false;
  for (const damage of ["", "null", "{}", "[[5]]", '[["x","a\\r\\nb: c"]]', "\xff"]) {
    await put(ask, "a", "x");
    await inner.set("a", bytes(damage));
    assert.equal(await typeOf(ask, "a"), plain, damage);
    await put(ask, "a", "x", { "content-type": page });
    assert.equal(await typeOf(ask, "a"), page, damage);
  }
  assert.throws(
    () => handler(store, { types: {} as never }),
    (bad) => isStoreError(bad, "bad-config"),
  );
});
