import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { isKey } from "../../../src/core/key.ts";
import type { Action } from "../../../src/http/handler.ts";
import { unframe } from "../../../src/http/wire.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { anyBytes, anyText, fuzz } from "../../support/fuzz.ts";
import { countingReads } from "../../support/openReads.ts";
import { bytes, pair, text, type Pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

const hash = (value: Uint8Array): string => createHash("sha256").update(value).digest("hex");
const bodyOf = (...items: unknown[]): string => `${JSON.stringify({ getUnless: items })}\n`;

type Line = [size: number | null, ttl: number | null, tag: string] | null;

/** Asks for keys unless their values have tags, and returns the lines, each with its value. */
async function getUnless({ ask }: Pick<Pair, "ask">, ...items: unknown[]): Promise<[Line, Uint8Array?][]> {
  const answer = await ask("POST", "batch", { body: bodyOf(...items) });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/vnd.shelflife.frame");
  const [head, next, end] = unframe(new Uint8Array(await answer.arrayBuffer()));
  const lines = (head as Line[]).map((line): [Line, Uint8Array?] =>
    line && line[0] !== null ? [line, next(line[0])] : [line],
  );
  end();
  return lines;
}

test("a value comes unless it has the tag that is known, and nothing of what is not there", async () => {
  const { ask, store, clock } = pair();
  await store.set("a", bytes("one"), { ttl: 1000 });
  await store.set("b", bytes("two"));
  await store.set("c", bytes(""));
  await store.set("gone", bytes("x"), { ttl: 5 });
  clock.advance(5);
  const [a, b, c] = ["one", "two", ""].map((value) => hash(bytes(value)));
  const lines = await getUnless({ ask }, ["a", null], ["b", b], ["none", b], ["c", "other"], ["gone", null]);
  assert.deepEqual(
    lines.map(([line, value]) => [line, text(value)]),
    [
      [[3, 995, a], "one"],
      [[null, null, b], undefined],
      [null, undefined],
      [[0, null, c], ""],
      [null, undefined],
    ],
  );
  // The tags are those of the values themselves, whatever deadline they have.
  assert.equal((await ask("HEAD", "entry?key=a")).headers.get("etag"), `"${a}"`);
  await store.touch("a", { ttl: 60 });
  assert.deepEqual(await getUnless({ ask }, ["a", a]), [[[null, 60, a]]]);
  assert.deepEqual(await getUnless({ ask }), []);
});

test("a value comes unless it has more bytes than are wanted, and then it is said how many", async () => {
  const { ask, store } = pair();
  await store.setMany([["a", bytes("12345")], ["b", bytes("12345")], ["c", bytes("1234")], ["d", bytes("")]]); // prettier-ignore
  const [large, small, empty] = ["12345", "1234", ""].map((value) => hash(bytes(value)));
  const lines = await getUnless({ ask }, ["a", null, 4], ["b", large, 4], ["c", null, 4], ["d", null, 0]);
  assert.deepEqual(
    lines.map(([line, value]) => [line, text(value)]),
    [
      [[null, null, large, 5], undefined],
      [[null, null, large], undefined],
      [[4, null, small], "1234"],
      [[0, null, empty], ""],
    ],
  );
});

test("what expires while the rest is read is not answered", async () => {
  const clock = createClock();
  const inner = memory({ now: clock.now });
  await inner.set("a", bytes("x"), { ttl: 10 });
  await inner.set("b", bytes("y"));
  const entry: Store["entry"] = async (key) => {
    const found = await inner.entry(key);
    if (key === "b") clock.advance(10);
    return found;
  };
  const { ask } = pair({ store: { ...inner, entry }, handler: { now: clock.now } });
  const lines = await getUnless({ ask }, ["a", null], ["b", null]);
  assert.deepEqual(lines, [[null], [[1, null, hash(bytes("y"))], bytes("y")]]);
  assert.deepEqual(await getUnless({ ask }, ["a", hash(bytes("x"))]), [[null]]);
});

test("it takes the right to read, and is of the scope", async () => {
  for (const can of [["read"], ["write"], ["list", "watch", "write"]] as Action[][]) {
    const { ask, store } = pair({ handler: { authorize: () => ({ can, prefix: "mine/" }) } });
    await store.setMany([["mine/a", bytes("x")], ["a", bytes("theirs")]]); // prettier-ignore
    if (can[0] === "read")
      assert.deepEqual(await getUnless({ ask }, ["a", null]), [[[1, null, hash(bytes("x"))], bytes("x")]]);
    else await problem(ask("POST", "batch", { body: bodyOf(["a", null]) }), 403, "unauthorized");
  }
});

test("what is malformed is refused, and so is a key that is asked for twice", async () => {
  const { ask, store } = pair({ handler: { maxItems: 3 } });
  await store.set("a", bytes("x"));
  const bad = [[], ["b"], ["b", null, null], ["b", 5], ["b", {}], ["b", null, -1], ["b", null, 1.5], ["b", null, "1"], ["b", null, 1, 1], [5, null], ["", null], ["\ud800", null], ["a", null], ["a", "x"],
    null, "b", {}, ["k".repeat(1025), null]]; // prettier-ignore
  for (const item of bad)
    await problem(ask("POST", "batch", { body: bodyOf(["a", null], item) }), 400, "invalid-argument");
  const four = ["a", "b", "c", "d"].map((key) => [key, null]);
  await problem(ask("POST", "batch", { body: bodyOf(...four) }), 400, "invalid-argument");
  for (const body of ['{"getUnless":"a"}\n', '{"getUnless":[],"find":[]}\n', `${bodyOf(["a", null])}x`])
    await problem(ask("POST", "batch", { body }), 400, "invalid-argument");
});

test("under a name it is answered once, and the name is taken for anything else", async () => {
  const { ask, store } = pair();
  await store.set("a", bytes("x"));
  const headers = { "idempotency-key": "n" };
  const send = (body: string): Promise<Response> => ask("POST", "batch", { body, headers });
  const first = await (await send(bodyOf(["a", null]))).text();
  await store.set("a", bytes("y"));
  assert.equal(await (await send(bodyOf(["a", null]))).text(), first);
  await problem(send(bodyOf(["a", "x"])), 422, "invalid-argument");
});

// Of which three fit into one answer.
const size = 30_000;
const maxBytes = 100_000;
const keys = Array.from({ length: 40 }, (_, index) => `k${String(index).padStart(2, "0")}`);

test("values that do not fit together are left out, and each comes when it is asked for by itself", async () => {
  const sizes = { ...Object.fromEntries(keys.map((key) => [key, size])), small: 10, huge: 5 * size };
  const { store, reads } = await countingReads(sizes);
  const pairOfThese = pair({ store, handler: { maxBytes } });
  const names = ["k00", "huge", ...keys.slice(1), "small"];
  const lines = await getUnless(pairOfThese, ...names.map((key) => [key, null]));
  const sent = lines.flatMap(([, value], index) => (value ? [names[index]!] : []));
  assert.deepEqual(sent, ["k00", "k01", "k02", "small"]);
  // All have their tags, and few are read at once besides what is held.
  const tagOf = (key: string): string => hash(new Uint8Array(sizes[key as keyof typeof sizes]).fill(key.length));
  for (const [index, [line]] of lines.entries()) assert.equal(line![2], tagOf(names[index]!));
  assert.ok(reads.count === 42 && reads.mostBytes <= 5 * size + maxBytes, JSON.stringify(reads));
  for (const key of ["huge", "k39"]) {
    const [[line, value]] = (await getUnless(pairOfThese, [key, null])) as [[Line, Uint8Array]];
    assert.deepEqual([line![0], value.length], [sizes[key as "huge"], sizes[key as "huge"]]);
  }
  // What is known takes no room.
  const known = names.map((key) => [key, key === "k39" ? null : tagOf(key)]);
  assert.equal((await getUnless(pairOfThese, ...known)).filter(([, value]) => value).length, 1);
});

test("what is read is bounded while it is read", async () => {
  for (const isKnown of [false, true]) {
    const sizes = Object.fromEntries(keys.map((key) => [key, size]));
    const { store, reads } = await countingReads(sizes);
    const tag = isKnown ? hash(new Uint8Array(size).fill(3)) : null;
    await getUnless(pair({ store, handler: { maxBytes } }), ...keys.map((key) => [key, tag]));
    assert.ok(reads.count === 40 && reads.mostBytes <= maxBytes, JSON.stringify(reads));
  }
});

fuzz(
  "each key has its line, whatever is asked for, and all that fits comes",
  fc.record({
    entries: fc.uniqueArray(fc.tuple(anyText.filter(isKey), anyBytes(60)), { selector: ([key]) => key, maxLength: 8 }),
    asked: fc.uniqueArray(
      fc.tuple(anyText.filter(isKey), fc.oneof(fc.constant(null), fc.constant("known"), anyText)),
      { selector: ([key]) => key, maxLength: 8 }, // prettier-ignore
    ),
    most: fc.integer({ min: 1, max: 200 }),
  }),
  async ({ entries, asked, most }) => {
    const made = pair({ handler: { maxBytes: most } });
    await made.store.setMany(entries);
    const values = new Map(entries);
    const tagOf = (key: string): string | undefined => (values.has(key) ? hash(values.get(key)!) : undefined);
    const items = asked.map(([key, tag]) => [key, tag === "known" ? (tagOf(key) ?? tag) : tag] as const);
    const lines = await getUnless(made, ...items);
    assert.equal(lines.length, items.length);
    let held = 0;
    for (const [index, [key, known]] of items.entries()) {
      const [line, value] = lines[index]!;
      const there = values.get(key);
      assert.equal(line === null, there === undefined);
      if (!line || !there) continue;
      assert.deepEqual(line.slice(1), [null, tagOf(key)]);
      if (value) {
        assert.deepEqual(Buffer.from(value), Buffer.from(there));
        assert.notEqual(known, line[2]);
        held += value.length;
      } else assert.ok(known === line[2] || held + there.length > most);
    }
    assert.ok(held <= most || lines.filter(([, value]) => value?.length).length === 1);
    await made.store.close();
  },
  500,
);
