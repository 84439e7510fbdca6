import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Entry, Store } from "../../../src/core/contract.ts";
import type { Action } from "../../../src/http/handler.ts";
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

// Of which three fit into what a batch may read.
const size = 30_000;
const maxBytes = 100_000;

/** A store that counts the values which it is asked for and has given out, and how many bytes of them there are at most. */
async function counting(keys: readonly string[], isSlow: boolean) {
  const inner = memory();
  for (const key of keys) await inner.set(key, new Uint8Array(key.startsWith("small") ? 10 : size));
  const seen = { reads: 0, open: 0, given: 0, most: 0, mostOpen: 0 };
  const counted =
    <A extends unknown[], R extends Uint8Array | Entry | undefined>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      seen.reads++;
      seen.open++;
      seen.mostOpen = Math.max(seen.mostOpen, seen.open);
      seen.most = Math.max(seen.most, seen.given + seen.open * size);
      if (isSlow) await new Promise((resolve) => setTimeout(resolve));
      const read = await call(...args);
      seen.open--;
      seen.given += (read instanceof Uint8Array ? read : read?.value)?.length ?? 0;
      return read;
    };
  const store: Store = { ...inner, entry: counted(inner.entry), find: counted(inner.find), get: counted(inner.get), take: counted(inner.take) }; // prettier-ignore
  return { store, seen };
}

const hundred = (name: string): string[] => Array.from({ length: 100 }, (_, index) => `${name}${index}`);
const calls = (name: string, keys: readonly string[], rest = ""): string =>
  `{"calls":[${keys.map((key) => `["${name}","${key}"${rest}]`).join()}]}\n`;

test("what a batch reads is bounded while it is read, and not only what it answers", async () => {
  const keys = hundred("k");
  const same = keys.map(() => "k0");
  // The first show nothing of what follows.
  const late = [...hundred("small"), ...keys];
  for (const isSlow of [false, true]) {
    for (const [body, status, most] of [
      [`{"find":${JSON.stringify(keys)}}\n`, 413, 2],
      [`{"find":${JSON.stringify(same)}}\n`, 413, 1],
      [`{"find":${JSON.stringify(late)}}\n`, 413, 4],
      [calls("get", keys), 200, 2],
      [calls("get", same), 200, 2],
      [calls("getTagged", keys), 200, 2],
      [calls("take", keys), 200, 2],
      [calls("get", late), 200, 4],
      [calls("take", late), 200, 4],
      [`{"calls":[${keys.map((key) => `["touch","${key}",null],["get","${key}"]`).join()}]}\n`, 200, 4],
    ] as const) {
      const { store, seen } = await counting(late, isSlow);
      const { ask } = pair({ store, handler: { maxBytes } });
      const response = await ask("POST", "batch", { body });
      const answer = new Uint8Array(await response.arrayBuffer());
      const what = `${body.slice(0, 40)} ${isSlow ? "slowly" : ""} ${JSON.stringify(seen)}`;
      assert.equal(response.status, status, what);
      assert.ok(seen.most <= most * maxBytes, what);
      if (body.includes("take")) {
        const left = (await store.list()).entries.length;
        const [line] = new TextDecoder().decode(answer).split("\n", 1);
        const taken = (JSON.parse(line!) as unknown[]).filter((each) => Array.isArray(each));
        assert.equal(taken.length + left, late.length, "what was taken is answered");
      }
    }
  }
});

test("a key that is asked for a hundred times is read once", async () => {
  const { store, seen } = await counting(["k"], false);
  const { ask } = pair({ store, handler: { maxBytes } });
  const keys = JSON.stringify(hundred("k").map(() => "k"));
  await problem(ask("POST", "batch", { body: `{"find":${keys}}\n` }), 413, "quota-exceeded");
  assert.deepEqual([seen.reads, seen.given], [1, size]);
  assert.equal((await ask("POST", "batch", { body: '{"find":["k","k","k"]}\n' })).status, 200);
});

test("calls that only look at values hold few of them at a time", async () => {
  const keys = hundred("k");
  for (const body of [calls("has", keys), calls("swap", keys, ',null,"x",null')]) {
    const { store, seen } = await counting(keys, true);
    const { ask } = pair({ store, handler: { maxBytes } });
    assert.equal((await ask("POST", "batch", { body })).status, 200);
    assert.ok(seen.reads === 100 && seen.mostOpen <= 8, JSON.stringify(seen));
  }
});

test("the rights of a sender are looked at before the body of a batch is read", async () => {
  for (const can of [[], ["list"], ["list", "watch"]] as Action[][]) {
    const { ask } = pair({ handler: { authorize: () => ({ can }) } });
    let pulls = 0;
    const body = new ReadableStream(
      { pull: (controller) => (pulls++ ? controller.close() : controller.enqueue(bytes("[".repeat(1000)))) },
      { highWaterMark: 0 },
    );
    for (const headers of [{}, { "idempotency-key": "x" }]) {
      const init = { body, headers, duplex: "half" } as RequestInit;
      await problem(ask("POST", "batch", init), 403, "unauthorized");
    }
    assert.equal(pulls, 0);
  }
});

test("a first line that is too long, too deep or has too many parts is refused before it is parsed", async () => {
  const { ask } = pair({ handler: { maxItems: 10 } });
  const parsed = vi.spyOn(JSON, "parse");
  onTestFinished(() => parsed.mockRestore());
  const send = (body: string): Promise<Response> => ask("POST", "batch", { body });
  for (const [body, status, code] of [
    ["[".repeat(15_000), 400, "invalid-argument"],
    [`{"find":[${"[".repeat(5000)}`, 400, "invalid-argument"],
    [`{"find":[${'"a",'.repeat(4000)}"a"]}`, 400, "invalid-argument"],
    [`{"calls":[${"[],".repeat(4000)}[]]}`, 400, "invalid-argument"],
    [`{"getUnless":[${'["a",null],'.repeat(1000)}["a",null]]}`, 400, "invalid-argument"],
    [`{"getUnless":[["a",[${"[".repeat(5000)}`, 400, "invalid-argument"],
    [`{"find":["${"a".repeat(20_192)}"]}`, 413, "quota-exceeded"],
    ["[".repeat(30_000), 413, "quota-exceeded"],
  ] as const) {
    const response = await send(`${body}\n`);
    assert.deepEqual([response.status, response.headers.get("shelflife")], [status, code], body.slice(0, 20));
  }
  assert.equal(parsed.mock.calls.length, 0);
  // As long and as many as may be.
  const key = "\u0000".repeat(1024);
  const keys = Array.from({ length: 10 }, (_, index) => String(index).repeat(1024));
  assert.equal((await send(`{"find":${JSON.stringify(keys)}}\n`)).status, 200);
  assert.equal((await send(`{"find":${JSON.stringify([key])}}\n`)).status, 200);
  const texts = ["[[[[", ",,,,,,,,,,,,,,,,,,,,", '\\"[[[[', "{{{{", '"'];
  assert.equal((await send(`{"find":${JSON.stringify(texts)}}\n`)).status, 200);
});
