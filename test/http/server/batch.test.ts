import assert from "node:assert/strict";
import { test } from "vitest";
import { bytes, pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

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
