import assert from "node:assert/strict";
import { test } from "vitest";
import type { Action } from "../../../src/http/handler.ts";
import { bytes, pair, text, type Pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

/** The tags of entries as a batch gives them. */
async function tagsOf({ ask }: Pick<Pair, "ask">, ...keys: string[]): Promise<(string | null)[]> {
  const answer = await ask("POST", "batch", { body: `${JSON.stringify({ findTagged: keys })}\n` });
  assert.equal(answer.status, 200);
  const [head] = (await answer.text()).split("\n", 1);
  return (JSON.parse(head!) as ([number, number | null, string] | null)[]).map((line) => line && line[2]);
}

const steps = (...lines: unknown[]): string => `${JSON.stringify({ transact: lines })}\n`;

test("one step over many keys is done if all have the tags that it names, or none of it", async () => {
  const { ask, store, clock } = pair();
  await store.set("a", bytes("one"), { ttl: 1000 });
  await store.set("b", bytes("two"));
  await store.set("c", bytes("three"), { ttl: 500 });
  const [a, b, c, none] = await tagsOf({ ask }, "a", "b", "c", "none");
  assert.equal(none, null);
  const send = async (...lines: unknown[]): Promise<unknown> => {
    const head = steps(...lines);
    return (await ask("POST", "batch", { body: `${head}xy` })).json();
  };
  const wrong = [["a", 1, b, null], ["b", 1, a, null], ["none", "keep", b, "keep"], ["a", "keep", null, "keep"]]; // prettier-ignore
  for (const line of wrong) {
    const others = [["x", 2 - (typeof line[1] === "number" ? 1 : 0), null, null]];
    assert.equal(await send(...others, line), false, JSON.stringify(line));
  }
  assert.equal(await store.has("x"), false);
  assert.equal(
    await send(["a", 1, a, "keep"], ["b", null, b, "keep"], ["c", "keep", c, "keep"], ["d", 1, null, 700]),
    true,
  );
  const entries = await store.transact(["a", "b", "c", "d"], (found) => found);
  const start = clock.now();
  assert.deepEqual(
    entries.map((entry) => entry && [text(entry.value), entry.expiresAt - start]),
    [["x", 1000], undefined, ["three", 500], ["y", 700]],
  );
});

test("another deadline has another tag", async () => {
  const { ask, store } = pair();
  await store.set("a", bytes("one"), { ttl: 1000 });
  const [before] = await tagsOf({ ask }, "a");
  await store.touch("a", { ttl: 2000 });
  const [after] = await tagsOf({ ask }, "a");
  assert.notEqual(before, after);
  const body = `${steps(["a", 1, before, null])}x`;
  assert.equal(await (await ask("POST", "batch", { body })).json(), false);
});

test("to change many keys in one step takes the rights to read and to write, to read them the one to read", async () => {
  for (const can of [["read"], ["write"], ["list"], ["read", "write"]] as Action[][]) {
    const { ask, store } = pair({ handler: { authorize: () => ({ can }) } });
    const body = `${steps(["a", 1, null, null])}x`;
    const read = '{"findTagged":["a"]}\n';
    if (can.length === 2) assert.equal(await (await ask("POST", "batch", { body })).json(), true);
    else await problem(ask("POST", "batch", { body }), 403, "unauthorized");
    if (can.includes("read")) assert.equal((await ask("POST", "batch", { body: read })).status, 200);
    else await problem(ask("POST", "batch", { body: read }), 403, "unauthorized");
    assert.equal(await store.has("a"), can.length === 2);
  }
});

test("a malformed step is refused, and nothing is written", async () => {
  const { ask, store } = pair({ handler: { maxItems: 3 } });
  const good = ["a", 1, null, null];
  const bad = [[], ["b"], ["b", 0, null], ["b", 0, null, null, null], ["b", -1, null, null], ["b", "kept", null, null], ["b", 0, 5, null],
    ["b", 0, null, "kept"], ["b", 0, null, 0], ["b", 0, null, -5], [5, 0, null, null], ["", 0, null, null], ["\ud800", 0, null, null], good, null, "b"]; // prettier-ignore
  for (const line of bad) {
    const size = line === good ? "xx" : "x";
    await problem(ask("POST", "batch", { body: `${steps(good, line)}${size}` }), 400, "invalid-argument");
  }
  await problem(ask("POST", "batch", { body: steps() }), 400, "invalid-argument");
  await problem(ask("POST", "batch", { body: steps(good, ["b", 0, null, null], ["c", 0, null, null], ["d", 0, null, null]) }), 400, "invalid-argument"); // prettier-ignore
  assert.deepEqual((await store.list()).entries, []);
});

test("a step reads no more than fits", async () => {
  const { ask, store } = pair({ handler: { maxBytes: 1000 } });
  for (const key of ["a", "b", "c"]) await store.set(key, new Uint8Array(400));
  const tags = await tagsOf({ ask }, "a", "b");
  await problem(ask("POST", "batch", { body: '{"findTagged":["a","b","c"]}\n' }), 413, "quota-exceeded");
  const lines = ["a", "b", "c"].map((key, index) => [key, null, tags[index] ?? "x", "keep"]);
  await problem(ask("POST", "batch", { body: steps(...lines) }), 413, "quota-exceeded");
  assert.equal((await store.list()).entries.length, 3);
});

test("transact of a remote takes two requests when nobody interferes, and one to leave all as it is", async () => {
  const { far, sent } = pair();
  await far.transact(["a", "b"], () => [{ value: bytes("1") }, { value: bytes("2") }]);
  assert.deepEqual(sent, ["POST batch", "POST batch"]);
  sent.length = 0;
  await far.transact(["a", "b"], (entries) => entries);
  assert.deepEqual(sent, ["POST batch"]);
});

test("a transact whose answer is lost is done once", async () => {
  let isLost = true;
  const { far, store } = pair({
    remote: { timeout: 10_000 },
    async between(request, send) {
      const isStep = (await request.clone().text()).startsWith('{"transact"');
      const answer = await send(request);
      if (!isStep || !isLost) return answer;
      isLost = false;
      throw new TypeError("The connection was lost");
    },
  });
  await store.set("n", bytes("1"));
  await store.set("m", bytes("1"));
  const plus = (value: Uint8Array | undefined): { value: Uint8Array } => ({
    value: bytes(String(Number(text(value)) + 1)),
  });
  await far.transact(["n", "m"], ([n, m]) => [plus(n?.value), plus(m?.value)]);
  assert.deepEqual((await store.findMany(["n", "m"])).map(text), ["2", "2"]);
});
