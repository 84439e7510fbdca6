import assert from "node:assert/strict";
import { test } from "vitest";
import { memory, StoreError } from "../../src/index.ts";
import { offline } from "../../src/offline.ts";
import { faulty } from "../../src/testing.ts";
import { encoded } from "../../src/views/encoded.ts";
import { compressed } from "../../src/views/compressed.ts";
import { text, utf8 } from "../support/bytes.ts";
import { plain, slow } from "../support/jsonCodecs.ts";
import { refused } from "../support/refused.ts";

for (const [kind, codec] of Object.entries({ plain, slow })) {
  test(`what the codec does not take is refused by every call, and nothing is written: ${kind}`, async () => {
    const bytes = memory();
    const store = encoded(bytes, codec);
    await store.set("a", 1);
    const circle: unknown[] = [];
    circle.push(circle);
    const late = new Promise((_, reject) => setImmediate(() => reject(new Error("late"))));
    for (const bad of [undefined, circle, 1n, Promise.resolve(1), late, () => 1]) {
      await refused(store.set("a", bad), "cant-encode", /"a"/);
      await refused(store.setMany([["b", 1], ["a", bad], ["c", circle]]), "cant-encode"); // prettier-ignore
      await refused(store.compareAndSet("a", 1, bad), "cant-encode");
      await refused(
        store.transact(["a"], () => [{ value: bad }]),
        "cant-encode",
      );
      if (bad === undefined) continue;
      await refused(store.compareAndSet("a", bad, 1), "cant-encode");
      await refused(store.update("a", () => bad), "cant-encode"); // prettier-ignore
    }
    await bytes.set("a", utf8("{"));
    for (const read of [
      () => store.get("a"),
      () => store.findMany(["a"]),
      () => store.take("a"),
      () => store.update("a", () => 2),
      () => store.increment("a"),
    ])
      // prettier-ignore
      assert.equal((await refused(read, "cant-decode")).key, "a");
    assert.deepEqual([text(await bytes.get("a")), await bytes.has("b")], ["{", false]);
    // A promise that nobody awaits has rejected by now.
    await new Promise((resolve) => setImmediate(resolve));
  });

  test(`increment adds to a value that is a number, and keeps its deadline: ${kind}`, async () => {
    const store = encoded<any>(memory(), codec);
    await store.set("n", 1.5, { expiresAt: 8e15 });
    assert.equal(await store.increment("n", 2, { ttl: 5 }), 3.5);
    assert.deepEqual(await store.entry("n"), { value: 3.5, expiresAt: 8e15 });
    for (const value of ["1", [1], { n: 1 }, null]) {
      await store.set("n", value);
      await refused(store.increment("n"), "cant-decode");
    }
    await refused(store.increment("new", 1, { ttl: 0 }), "invalid-argument");
    await refused(store.increment("n", 1, { ttl: 0 }), "invalid-argument");
  });
}

test("an error of the codec is the cause", async () => {
  const mine = new Error("mine");
  const fail = (): never => {
    throw mine;
  };
  for (const step of [fail, async () => fail()]) {
    const store = encoded<any>(memory(), { encode: step, decode: step });
    assert.equal((await refused(store.set("a", 1), "cant-encode")).cause, mine);
    const full = memory();
    await full.set("a", utf8("1"));
    assert.equal((await refused(encoded(full, { encode: step, decode: step }).get("a"), "cant-decode")).cause, mine);
  }
});

test("what an encoding returns is bytes or well-formed text, or the promise of it, of whichever library", async () => {
  const bytes = memory();
  // oxlint-disable-next-line unicorn/no-thenable -- as libraries have them
  const thenable = { then: (resolve: (value: Uint8Array) => void) => resolve(utf8("late")) };
  const results: [unknown, string?][] = [["text", "text"], [utf8("bytes"), "bytes"], [thenable, "late"], ["\ud800"], [5], [undefined], [[1]], [new ArrayBuffer(1)]]; // prettier-ignore
  for (const [result, stored] of results) {
    const store = encoded(bytes, { encode: () => result as string, decode: () => 0 });
    if (stored === undefined) await refused(store.set("a", 1), "cant-encode");
    else {
      await store.set("a", 1);
      assert.equal(text(await bytes.get("a")), stored);
    }
  }
  await refused(encoded(bytes, { encode: () => "", decode: () => undefined }).find("a"), "cant-decode");
});

test("a codec gets values and bytes alone, and may use its buffer again and keep what it gets", async () => {
  const buffer = new Uint8Array(1);
  const given: number[] = [];
  const kept: Uint8Array[] = [];
  const store = encoded<number>(memory(), {
    encode(value, ...rest: unknown[]) {
      given.push(rest.length);
      buffer[0] = value;
      return buffer;
    },
    decode(bytes, ...rest: unknown[]) {
      given.push(rest.length);
      kept.push(bytes);
      return bytes[0]!;
    },
  });
  await Promise.all([store.setMany([["a", 1], ["b", 2]]), store.set("c", 3)]); // prettier-ignore
  assert.deepEqual(await store.findMany(["a", "b", "c"]), [1, 2, 3]);
  for (const bytes of kept) bytes.fill(9);
  assert.deepEqual(await store.findMany(["a", "b", "c"]), [1, 2, 3]);
  assert.deepEqual([...new Set(given)], [0]);
});

test("options are checked", async () => {
  for (const bad of [
    undefined,
    null,
    5,
    {},
    { encode: plain.encode },
    { decode: plain.decode },
    { encode: 5, decode: 5 },
  ])
    await refused(() => encoded(memory(), bad as never), "invalid-argument");
  await refused(() => encoded(undefined as never, plain), "invalid-argument");
});

test("values nest: a codec over compressed values", async () => {
  const store = encoded<any>(compressed(memory(), { over: 1 }), slow);
  await store.set("a", "tea ".repeat(100));
  assert.equal(await store.update("a", (value) => value + 1), "tea ".repeat(100) + 1);
});

test("what an update decided over an offline store, and its remote has outrun, is kept as a conflict", async () => {
  const server = memory();
  let isAway = false;
  const far = faulty(server, () => (isAway ? { before: new StoreError("unavailable", "Away") } : undefined));
  const here = offline(memory(), far);
  const late = encoded<string>(here, { encode: async (value) => value, decode: async (bytes) => text(bytes)! });
  await late.set("key", "first");
  await here.flush();
  isAway = true;
  await late.update("key", (value) => `${value}, mine`);
  await server.set("key", utf8("theirs"));
  isAway = false;
  await here.flush();
  assert.equal(await late.get("key"), "theirs");
  const conflicts = await here.conflicts();
  assert.deepEqual(conflicts.map(({ kind, mine, theirs }) => [kind, text(mine), text(theirs)]), [["lost", "first, mine", "theirs"]]); // prettier-ignore
  await here.close();
});
