import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { createClock } from "../../../src/testing.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";
import { count, fresh, tamper, using } from "../../support/sqliteFiles.ts";

test("a full medium refuses, keeps what it has, and has room again for what is deleted or expired", async () => {
  const path = fresh();
  const clock = createClock();
  await using({ path, maxBytes: 1 << 20, now: clock.now }, async (store) => {
    const changes = store.watch();
    const value = (index: number): Uint8Array => new Uint8Array(10_000).fill(index);
    await store.set("kept", utf8("kept"));
    let stored = 0;
    const error = await refused(async () => {
      for (; stored < 1000; stored++) await store.set(`key ${stored}`, value(stored));
    }, "quota-exceeded");
    assert.equal(error.key, `key ${stored}`);
    assert.ok(stored > 50 && stored < 110, String(stored));
    const [small, big, last] = await Promise.allSettled([
      store.set("small", utf8("x")),
      store.set("kept", new Uint8Array(100_000)),
      store.get("key 7"),
    ]);
    assert.equal(small.status, "fulfilled");
    assert.ok(big.status === "rejected" && isStoreError(big.reason, "quota-exceeded"));
    assert.deepEqual(last.status === "fulfilled" && last.value, value(7));
    assert.equal(text(await store.get("kept")), "kept");
    await refused(
      () =>
        store.setMany([
          ["a", value(1)],
          ["b", value(2)],
          ["c", value(3)],
          ["d", value(4)],
        ]),
      "quota-exceeded",
    );
    assert.deepEqual(await store.findMany(["a", "b"]), [undefined, undefined]);

    await store.delete("key 0");
    await store.delete("key 1");
    await store.set("again", value(1), { ttl: 10 });
    await refused(async () => {
      for (let index = 0; index < 10; index++) await store.set(`more ${index}`, value(index), { ttl: 10 });
    }, "quota-exceeded");
    clock.advance(10);
    await store.set("more 20", value(20));
    assert.equal(await store.has("again"), false);
    for (let index = 0; index < stored; index++)
      if (index > 1) assert.deepEqual(await store.get(`key ${index}`), value(index));
    await changes.return!();
  });
  assert.ok(readFileSync(path).length <= (2 << 20) + 4096);
});

test("a full medium has room to report what is removed", async () => {
  const path = fresh();
  await using({ path, maxBytes: 300_000 }, async (store) => {
    let stored = 0;
    await refused(async () => {
      for (; ; stored += 100) {
        await store.setMany(Array.from({ length: 100 }, (_, index) => [`key ${stored + index}`, utf8("x")] as const));
      }
    }, "quota-exceeded");
    // One that reads nothing, so that all that is reported has to be kept.
    tamper(path, "INSERT INTO watchers (id, position) VALUES ('slow', 0)");
    for (let index = 0; index < stored; index += 3) await store.delete(`key ${index}`);
    assert.equal(count(path, "changes"), Math.ceil(stored / 3));
  });
});

test("a value that can never fit is refused alone", async () => {
  await using({ path: ":memory:", maxBytes: 1 << 20 }, async (store) => {
    const [small, big] = await Promise.allSettled([
      store.set("small", utf8("x")),
      store.set("big", new Uint8Array(3 << 20)),
    ]);
    assert.equal(small.status, "fulfilled");
    assert.ok(big.status === "rejected" && isStoreError(big.reason, "quota-exceeded"));
    assert.equal(big.reason.key, "big");
  });
});
