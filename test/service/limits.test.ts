import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { limitRate, limitStreams } from "../../src/service/limits.ts";

const ask = (name: string): Request => new Request(`http://x/entry?key=a`, { headers: { name } });
const by = ({ headers }: Request): string => headers.get("name")!;
const fine = async (): Promise<Response> => new Response("ok");

test("a bucket lets a burst through, then so many a second, for each holder apart", async () => {
  let time = 1_900_000_000_000;
  let passed = 0;
  const answer = limitRate({ perSecond: 10, burst: 3, by, now: () => time })(async () => (passed++, fine()));
  const status = async (name = "a"): Promise<number> => (await answer(ask(name))).status;
  assert.deepEqual([await status(), await status(), await status(), await status()], [200, 200, 200, 429]);
  assert.equal(await status("b"), 200);
  time += 99;
  assert.equal(await status(), 429);
  time += 1;
  assert.deepEqual([await status(), await status()], [200, 429]);
  time += 200;
  assert.deepEqual([await status(), await status(), await status()], [200, 200, 429]);
  time += 3_600_000;
  assert.deepEqual([await status(), await status(), await status(), await status()], [200, 200, 200, 429]);
  // A clock that is set back locks nobody out for longer than a bucket takes to fill.
  time -= 3_600_000;
  assert.equal(await status(), 429);
  time += 300;
  assert.equal(await status(), 200);
  assert.equal(passed, 11);
});

test("a client that asks too often gets Retry-After, in the words of a handler", async () => {
  const answer = limitRate({ perSecond: 0.1, by, now: () => 0 })(fine);
  await answer(ask("a"));
  const refused = await answer(ask("a"));
  assert.deepEqual(
    [refused.status, refused.headers.get("retry-after"), refused.headers.get("shelflife")],
    [429, "10", "unavailable"],
  );
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  const problem = (await refused.json()) as Record<string, unknown>;
  assert.deepEqual([problem.status, problem.code], [429, "unavailable"]);
  const head = await answer(new Request("http://x/", { method: "HEAD", headers: { name: "a" } }));
  assert.deepEqual([head.status, await head.text()], [429, ""]);
});

test("only so many holders are remembered, and the one that rested longest is forgotten", async () => {
  const answer = limitRate({ perSecond: 1, by, maxHolders: 2, now: () => 0 })(fine);
  const status = async (name: string): Promise<number> => (await answer(ask(name))).status;
  assert.deepEqual([await status("a"), await status("b"), await status("b"), await status("c")], [200, 200, 429, 200]);
  assert.deepEqual([await status("b"), await status("c"), await status("a")], [429, 429, 200]);
});

test("a holder has so many streams open, and gets another when one is over", async () => {
  const store = memory();
  const answer = limitStreams({ perHolder: 2, by })(handler(store, { maxStreams: 3 }));
  const open = (name: string): Promise<Response> =>
    answer(new Request("http://x/changes", { headers: { name, accept: "text/event-stream" } }));
  const [first, second] = [await open("a"), await open("a")];
  const refused = await open("a");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assert.equal((await answer(ask("a"))).status, 404);
  // What was refused holds no stream of the handler's.
  const other = await open("b");
  assert.equal(other.status, 200);
  await first.body!.cancel();
  const third = await open("a");
  assert.equal(third.status, 200);
  for (const each of [second, third, other]) await each.body!.cancel();
  await store.close();
});
