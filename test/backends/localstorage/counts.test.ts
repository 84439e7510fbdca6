// What calls cost, counted in what is asked of the Storage, the locks and the channel: that does not depend on the machine.
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { json, localstorage } from "../../../src/index.ts";
import { keysOf, nextTask, value, withStore } from "../../support/countStorage.ts";
import { TextStorage } from "../../support/textStorage.ts";

test("a read is one look, and a lock is nothing that it needs", (t) =>
  withStore(t, {}, async (store, counts) => {
    assert.deepEqual(await store.get("first"), value);
    assert.equal(await store.find("none"), undefined);
    assert.equal(await store.has("first"), true);
    assert.deepEqual(counts, { getItem: 3, setItem: 0, lock: 0, mark: 0, query: 0, post: 0 });
  }));

test("whether there is a value, and which there are, is known without decoding any", (t) =>
  withStore(t, {}, async (store, counts) => {
    await store.set("long", new TextEncoder().encode("text ".repeat(1000)));
    const encode = vi.spyOn(TextEncoder.prototype, "encode");
    counts.getItem = 0;
    assert.equal(await store.has("long"), true);
    assert.ok((await store.list({ prefix: "long" })).entries.some(({ size }) => size === 5000));
    assert.equal(counts.getItem, 2);
    assert.equal(encode.mock.calls.length, 0);
    await store.delete("long");
    assert.equal(encode.mock.calls.length, 0);
  }));

test("JSON is one look to read and one write to set, and is neither encoded nor decoded", (t) =>
  withStore(t, {}, async (store, counts) => {
    const codings = [vi.spyOn(TextEncoder.prototype, "encode"), vi.spyOn(TextDecoder.prototype, "decode")];
    const countCodings = (): number => codings.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    for (const view of [json<any>(store), json<any>(store, { prefix: "in/" })]) {
      counts.getItem = counts.setItem = 0;
      for (const key of keysOf(100)) await view.set(key, { key });
      await nextTask();
      // With the number, of which two of the lock's looks are; one is for what a tab left that went away.
      assert.deepEqual([counts.getItem, counts.setItem], [3, 101]);
      for (const key of keysOf(100)) assert.deepEqual(await view.get(key), { key });
      assert.deepEqual([counts.getItem, counts.setItem], [103, 101]);
    }
    assert.equal(countCodings(), 0);
    // What is not ASCII is encoded to tell its size, and to see that it is whole.
    await json<any>(store).set("a", "é");
    assert.equal(countCodings(), 1);
    assert.equal(await json<any>(store).get("a"), "é");
    assert.equal(countCodings(), 2);
  }));

// A text that a TextDecoder made takes Chromium twice the time to store.
test("only long bytes are decoded by the platform to be kept, and text is encoded once to be read", async () => {
  const storage = new TextStorage();
  const store = localstorage({ storage, sweepInterval: Infinity });
  const encode = vi.spyOn(TextEncoder.prototype, "encode");
  const decode = vi.spyOn(TextDecoder.prototype, "decode");
  const counts = (): number[] => [encode.mock.calls.length, decode.mock.calls.length];
  await store.set("text", value);
  await store.set("more", new Uint8Array(4096).fill(65));
  await store.set("bytes", Uint8Array.of(1, 2, 255));
  await store.set("é", Uint8Array.of(0xc3, 0xa9));
  assert.deepEqual(counts(), [0, 0]);
  await store.set("long", new Uint8Array(4097).fill(65));
  assert.deepEqual(counts(), [0, 1]);
  await store.get("bytes");
  assert.deepEqual(counts(), [0, 1]);
  await store.get("text");
  assert.deepEqual(counts(), [1, 1]);
  vi.restoreAllMocks();
  await store.close();
});

test("a set is one write, and what was there is not looked at", async () => {
  const storage = new TextStorage();
  const store = localstorage({ storage, sweepInterval: Infinity });
  const setItem = vi.spyOn(storage, "setItem");
  const post = vi.spyOn(BroadcastChannel.prototype, "postMessage");
  for (const key of keysOf(10)) await store.set(key, value);
  await Promise.all(keysOf(10).map((key) => store.set(key, value)));
  assert.equal(setItem.mock.calls.length, 20);
  assert.equal(storage.reads, 0);
  assert.equal(post.mock.calls.length, 0, "nobody else can see it");
  vi.restoreAllMocks();
  await store.close();
});

test("sets one after the other, or at once, share a lock, a number and a message", (t) =>
  withStore(t, {}, async (store, counts) => {
    for (const key of keysOf(1000)) await store.set(key, value);
    await nextTask();
    // The number is looked at when the lock is there, and when the next is made; and once whether a tab went away.
    const once = { getItem: 3, lock: 1, mark: 1, query: 1, post: 1 };
    assert.deepEqual(counts, { ...once, setItem: 1001 });
    await nextTask();
    await Promise.all(keysOf(1000).map((key) => store.set(key, value)));
    await nextTask();
    assert.deepEqual(counts, { getItem: 6, lock: 2, mark: 2, query: 2, post: 2, setItem: 2002 });
  }));
