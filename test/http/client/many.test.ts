import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { bytes, pair } from "../../support/pair.ts";

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

test("deleteMany takes any number of keys, in as few requests as a handler takes", async () => {
  const { far, store, sent } = pair();
  await store.setMany(keys(30_000).map((key) => [key, bytes("x")]));
  assert.equal(await far.deleteMany(keys(150_000)), 30_000);
  assert.deepEqual(sent, Array(15).fill("POST batch"));
  assert.deepEqual((await store.list()).entries, []);
  assert.equal(await far.deleteMany([]), 0);
  // It is let finish, all of it.
  const all = far.deleteMany(keys(30_000));
  await far.close();
  assert.equal(sent.length, 18);
  assert.equal(await all, 0);
});

test("a handler that takes fewer keys or bytes gets as many as it takes", async () => {
  for (const [handler, requests] of [
    [{ maxItems: 40 }, 4],
    [{ maxItems: 1 }, 101],
    [{ maxBytes: 100 }, undefined],
  ] as const) {
    const { far, store, sent } = pair({ handler });
    await store.setMany(keys(100).map((key) => [key, bytes("x")]));
    assert.equal(await far.deleteMany(keys(100)), 100);
    if (requests) assert.equal(sent.length, requests);
    assert.ok(sent.length < 200);
    assert.deepEqual((await store.list()).entries, []);
  }
});

test("keys that a handler refuses for what they are, are refused together", async () => {
  const { far, store, sent } = pair({ handler: { authorize: () => ({ prefix: "scope/" }) } });
  await store.set("scope/a", bytes("x"));
  await assert.rejects(far.deleteMany(["a", "k".repeat(1024)]), (error) => isStoreError(error, "invalid-argument"));
  assert.equal(sent.length, 1);
  assert.equal(await store.has("scope/a"), true);
});

test("what a deletion in parts fails with is its error, and no part follows", async () => {
  let count = 0;
  const { far, sent } = pair({
    between: async (request, send) => (++count === 2 ? new Response("", { status: 403 }) : send(request)),
  });
  await assert.rejects(far.deleteMany(keys(50_000)), (error) => isStoreError(error, "unauthorized"));
  assert.equal(sent.length, 2);
});

test("setMany is all or nothing: what one request cannot hold is refused", async () => {
  const { far, store } = pair({ handler: { maxItems: 10, maxBytes: 1000 } });
  const items = (count: number, size: number): [string, Uint8Array][] => keys(count).map((key) => [key, new Uint8Array(size)]); // prettier-ignore
  await far.setMany(items(10, 90));
  await store.clear();
  await assert.rejects(far.setMany(items(11, 1)), (error) => isStoreError(error, "invalid-argument"));
  await assert.rejects(far.setMany(items(10, 101)), (error) => isStoreError(error, "quota-exceeded"));
  assert.deepEqual((await store.list()).entries, []);
});

test("findMany takes any number of keys", async () => {
  const { far, store } = pair();
  await store.set("24999", bytes("x"));
  const found = await far.findMany(keys(25_000));
  assert.deepEqual([found.length, found[24_999]], [25_000, bytes("x")]);
});

test("findMany of several keys is one request, and of one key it travels with other calls", async () => {
  const { far, store, sent } = pair();
  await store.setMany(keys(1500).map((key) => [key, bytes(key)]));
  assert.deepEqual(await far.findMany(keys(1500)), keys(1500).map(bytes));
  assert.deepEqual(sent, ["POST batch"]);
  sent.length = 0;
  const found = await Promise.all([far.find("1"), far.findMany(["2"]), far.find("3"), far.findMany(["4"])]);
  assert.deepEqual(found, [bytes("1"), [bytes("2")], bytes("3"), [bytes("4")]]);
  assert.deepEqual([sent, await far.findMany([])], [["POST batch"], []]);
});

test("findMany of what a handler does not give at once is read key by key", async () => {
  for (const [handler, count] of [
    [{ maxBytes: 2500 }, 20],
    [{ maxItems: 40 }, 50],
    [{ maxItems: 1 }, 2],
  ] as const) {
    const { far, store } = pair({ handler });
    await store.setMany(keys(count).map((key) => [key, new Uint8Array(200).fill(+key)]));
    const found = await far.findMany([...keys(count), "none", "0"]);
    assert.deepEqual(found, [...keys(count).map((key) => new Uint8Array(200).fill(+key)), undefined, new Uint8Array(200)]); // prettier-ignore
  }
});

test("findMany rejects with what a handler refuses for other reasons, and asks no more", async () => {
  const { far, sent } = pair({ between: async () => new Response("", { status: 403 }) });
  await assert.rejects(far.findMany(["a", "b"]), (error) => isStoreError(error, "unauthorized"));
  assert.equal(sent.length, 1);
});
