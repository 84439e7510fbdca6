import assert from "node:assert/strict";
import { expect, test } from "vitest";
import { count } from "../../src/extras.ts";
import { createStore, isStoreError, json, memory } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";
import { utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";
import { storeKinds } from "../support/storeKinds.ts";

for (const [kind, open] of Object.entries(storeKinds)) {
  test(`${kind}: it counts the live entries, or those below a prefix`, async () => {
    const store = open();
    assert.equal(await count(store), 0);
    await store.setMany(["a/1", "a/2", "b/1", "\0", "😀"].map((key) => [key, utf8("1")]));
    await store.set("a/3", utf8("1"), { expiresAt: 1 });
    assert.deepEqual(
      [await count(store), await count(store, { prefix: "a/" }), await count(store, { prefix: "c" })],
      [5, 2, 0],
    );
    await store.close();
  });
}

test("of a view it counts what the view shows, and values that it cannot decode", async () => {
  const store = memory();
  await store.setMany(["a/1", "a/2", "b/1"].map((key) => [key, utf8("no json")]));
  assert.equal(await count(json(store, { prefix: "a/" })), 2);
});

test("what has expired does not count, to the millisecond", async () => {
  const clock = createClock();
  const store = memory({ now: clock.now });
  await store.set("a", utf8("1"), { ttl: 10 });
  clock.advance(9);
  assert.equal(await count(store), 1);
  clock.advance(1);
  assert.equal(await count(store), 0);
});

test("it reads pages of keys and no value, and ends between two of them when it is aborted", async () => {
  const reads: string[] = [];
  const stop = new AbortController();
  const store = createStore({
    get: () => assert.fail("a value is read"),
    set() {},
    delete: () => false,
    isPersistent: () => false,
    list({ prefix, limit, cursor }) {
      reads.push(cursor ?? "first");
      if (cursor === "3") stop.abort("enough");
      const entries = Array.from({ length: limit }, (_, index) => ({
        key: `${prefix}${cursor}-${index}`,
        expiresAt: Infinity,
      }));
      return cursor === "9" ? { entries } : { entries, cursor: `${Number(cursor ?? 0) + 1}` };
    },
  });
  await assert.rejects(count(store, { signal: stop.signal }), (reason) => reason === "enough");
  assert.deepEqual(reads, ["first", "1", "2", "3"]);
});

test("what is wrong is one StoreError, and what the store refuses is the store's own", async () => {
  await refused(count(5 as never), "invalid-argument", /^Invalid store: expected a store, got 5$/);
  await refused(count(memory(), 5 as never), "invalid-argument", /^Invalid options: expected an object, got 5$/);
  // Also where the store would not look at them.
  await refused(count({ ...memory(), async *keys() {} }, 5 as never), "invalid-argument", /^Invalid options/);
  await refused(count(memory(), { prefix: "\ud800" }), "invalid-argument");
  const least = createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => false });
  await refused(count(least), "unsupported");
  const closed = memory();
  await closed.close();
  await expect(count(closed)).rejects.toSatisfy((error) => isStoreError(error, "closed"));
});
