import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "vitest";
import { bytes, pair, text } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

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

test("a read may be conditional too, of the value or of what is known about it", async () => {
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
