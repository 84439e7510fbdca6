// What waits: how much of it there may be, and how it is listed.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "vitest";
import { memory } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { offlinePair, read, rejects, type Pair } from "../support/offlinePair.ts";
import { until } from "../support/until.ts";

let pair: Pair;
beforeEach(() => {
  pair = offlinePair();
});
afterEach(() => pair.close());

test("more than may wait is refused at the call, and nothing is dropped", async () => {
  const store = pair.client({ maxPendingKeys: 3 });
  await store.sync();
  await pair.cut(store);
  for (const key of ["a", "b", "c"]) await store.set(key, utf8("1"));
  await until(() => store.status().pending === 3);
  await rejects(store.set("d", utf8("1")), "quota-exceeded");
  await store.set("a", utf8("2"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "a"), "2");
});

test("more bytes than may wait are refused at the call, and nothing is dropped", async () => {
  const local = memory();
  const store = pair.client({ local, maxPendingBytes: 10 });
  await store.sync();
  await pair.cut(store);
  await store.set("a", utf8("12345"));
  await store.set("b", utf8("12345"));
  await rejects(store.set("c", utf8("1")), "quota-exceeded");
  await rejects(store.set("a", utf8("123456")), "quota-exceeded");
  await rejects(store.setMany([["c", utf8("1")]]), "quota-exceeded");
  assert.equal(await read(store, "a"), "12345");
  await store.set("a", utf8("1234"));
  await store.set("c", utf8("1"));
  await store.delete("b");
  // Another store of the same rows counts what waits already.
  const other = pair.client({ local, maxPendingBytes: 10 });
  await until(() => other.status().pending === 3);
  await rejects(other.set("d", utf8("123456")), "quota-exceeded");
  await other.set("d", utf8("12345"));
  pair.network = "up";
  await store.flush();
  await store.set("e", utf8("1234567890"));
  assert.equal(await read(pair.server, "a"), "1234");
});

test("what waits is listed: which keys, what, since when and why", async () => {
  const store = pair.client();
  await store.set("gone", utf8("1"));
  await store.set("kept", utf8("1"));
  await store.flush();
  await pair.cut(store);
  const before = Date.now();
  await store.set("a", utf8("1"));
  await store.increment("n");
  await store.touch("kept", { ttl: 60_000 });
  await store.update("u", () => utf8("2"));
  await store.delete("gone");
  const waiting = await store.pending();
  assert.deepEqual(
    waiting.map(({ key, kind, why }) => [key, kind, why]),
    [
      ["a", "set", "offline"],
      ["n", "increment", "offline"],
      ["kept", "touch", "offline"],
      ["u", "update", "offline"],
      ["gone", "delete", "offline"],
    ],
  );
  for (const { since } of waiting) assert.ok(since >= before - 1000 && since <= Date.now(), `${since}`);
  pair.network = "up";
  await store.flush();
  assert.deepEqual(await store.pending(), []);
  await rejects(store.pending({ signal: 1 } as never), "invalid-argument");
});
