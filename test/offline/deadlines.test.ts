import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "vitest";
import { memory } from "../../src/index.ts";
import type { OfflineStore } from "../../src/offline.ts";
import { utf8 } from "../support/bytes.ts";
import { offlinePair, read, rejects, type Pair } from "../support/offlinePair.ts";

let time = Date.now();
let pair: Pair;
beforeEach(() => {
  pair = offlinePair({ now: () => time });
});
afterEach(() => pair.close());

test("a deadline that passes while it waits ends what it was given to, and nothing newer", async () => {
  const store = pair.client();
  await pair.server.setMany([
    ["same", utf8("seen")],
    ["changed", utf8("seen")],
  ]);
  await store.sync();
  await pair.cut(store);
  for (const key of ["same", "changed"]) await store.touch(key, { ttl: 1000 });
  await pair.server.set("changed", utf8("newer"));
  time += 1000;
  for (const key of ["same", "changed"]) assert.equal(await read(store, key), undefined);
  pair.network = "up";
  await store.flush();
  for (const side of [store, pair.server]) {
    assert.equal(await read(side, "same"), undefined);
    assert.equal(await read(side, "changed"), "newer");
  }
});

test("what is added after a deadline that has passed is added to nothing, or to what is newer", async () => {
  const store = pair.client();
  await pair.server.set("n", utf8("5"));
  await store.sync();
  await pair.cut(store);
  await store.touch("n", { ttl: 1000 });
  time += 1000;
  assert.equal(await store.increment("n", 2), 2);
  assert.equal(await read(store, "n"), "2");
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "n"), "2");
  await pair.cut(store);
  await store.touch("n", { ttl: 1000 });
  time += 1000;
  await store.increment("n", 3);
  await pair.server.set("n", utf8("100"));
  pair.network = "up";
  await store.flush();
  for (const side of [store, pair.server]) assert.equal(await read(side, "n"), "103");
});

test("an update after a deadline that has passed is done again on what is newer", async () => {
  const store = pair.client();
  await pair.server.set("k", utf8("seen"));
  await store.sync();
  await pair.cut(store);
  await store.touch("k", { ttl: 1000 });
  time += 1000;
  await store.update("k", (old) => utf8(`${old ? "old" : "no"}+mine`));
  await pair.server.set("k", utf8("newer"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "old+mine");
  assert.deepEqual(await store.conflicts(), []);
});

test("an update that has ended is not done again with what is added after it", async () => {
  const store = pair.client();
  await store.sync();
  await pair.cut(store);
  await store.update("n", () => utf8("100"), { ttl: 1000 });
  time += 1000;
  await store.increment("n", 2);
  await pair.server.set("n", utf8("5"));
  pair.network = "up";
  await store.flush();
  for (const side of [store, pair.server]) assert.equal(await read(side, "n"), "7");
});

for (const [what, look] of [
  ["a sweep", (store: OfflineStore) => store.sweep()],
  ["a round that fails", (store: OfflineStore) => rejects(store.sync(), "unavailable")],
] as const)
  test(`what a clock that was ahead for a while ended here is read again: noticed by ${what}`, async () => {
    let ahead = 0;
    const now = (): number => time + ahead;
    const local = memory({ now });
    const store = pair.client({ local, now });
    await pair.server.set("k", utf8("lives"), { ttl: 3_600_000 });
    await store.sync();
    assert.equal(await read(store, "k"), "lives");
    await pair.cut(store);
    ahead = 86_400_000;
    await look(store);
    await local.sweep();
    assert.equal(await read(store, "k"), undefined);
    ahead = 0;
    time += 1000;
    pair.network = "up";
    await store.sync();
    assert.equal(await read(store, "k"), "lives");
  });
