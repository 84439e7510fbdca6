import assert from "node:assert/strict";
import { test } from "vitest";
import { json, memory } from "../../src/index.ts";

test("a closed store says so, whatever it is given", async () => {
  const store = memory();
  await store.close();
  const bad = "no bytes" as never;
  for (const call of [
    store.set("a", bad),
    store.set("", bad, { ttl: -1 }),
    store.setMany(bad),
    store.setMany([["a", bad]]),
    store.compareAndSet("a", bad, bad),
    store.setIfAbsent("a", bad),
    store.update("a", bad),
    json(store).set("a", 1),
    json(store).get("a"),
  ]) {
    await assert.rejects(call, { code: "closed" });
  }
});

test("a call that has to wait takes what it is given at once, and its time runs from then", async () => {
  let time = 1000;
  const store = memory({ now: () => time });
  const watch = store.watch();
  const mine = Uint8Array.of(1);
  const writes = [store.set("a", mine, { ttl: 100 }), store.setMany([["b", mine, { ttl: 100 }]])];
  mine[0] = 2;
  time = 1050;
  await Promise.all(writes);
  const expected = { value: Uint8Array.of(1), expiresAt: 1100 };
  assert.deepEqual([await store.entry("a"), await store.entry("b")], [expected, expected]);
  await watch.return!();
});

test("bytes that went elsewhere with their buffer are refused, and empty ones are not", async () => {
  const store = memory();
  const gone = new Uint8Array(8);
  structuredClone(gone, { transfer: [gone.buffer] });
  for (const call of [store.set("a", gone), store.setMany([["a", gone]]), store.setIfAbsent("a", gone)]) {
    await assert.rejects(call, { code: "invalid-argument" });
  }
  await store.set("a", new Uint8Array());
  assert.equal((await store.get("a")).length, 0);
});
