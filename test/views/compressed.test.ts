import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { test, vi } from "vitest";
import { isStoreError, memory, type Store } from "../../src/index.ts";
import { compressed, type CompressedOptions } from "../../src/views/compressed.ts";
import { utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";

const random = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length));
const same = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(7);
const packed = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.concat([Uint8Array.of(255), gzipSync(bytes)]));

function open(options?: CompressedOptions): { store: Store; bytes: Store } {
  const bytes = memory();
  return { bytes, store: compressed(bytes, options) };
}

test("nothing takes more than one byte more, and a byte says what was compressed", async () => {
  const { store, bytes } = open({ over: 10 });
  for (const [value, isPacked] of [
    [same(0), false],
    [same(9), false],
    [same(10), false],
    [same(1000), true],
    [random(1000), false],
    [random(20), false],
    [Uint8Array.of(...random(500), ...same(500)), true],
  ] as const) {
    await store.set("a", value);
    const stored = await bytes.get("a");
    assert.equal(stored[0], isPacked ? 255 : 0);
    if (isPacked) assert.ok(stored.length <= value.length);
    else assert.deepEqual(stored, Uint8Array.of(0, ...value));
    if (isPacked) assert.deepEqual(new Uint8Array(gunzipSync(stored.subarray(1))), value);
    assert.deepEqual(await store.get("a"), value);
  }
});

test("values of at least so many bytes are tried: 1,024 by default", async () => {
  const { store, bytes } = open();
  await store.setMany([["less", same(1023)], ["as much", same(1024)]]); // prettier-ignore
  assert.deepEqual([(await bytes.get("less"))[0], (await bytes.get("as much"))[0]], [0, 255]);
});

test("what would unpack to more than maxBytes is refused, and no more than that is unpacked", async () => {
  const { store, bytes } = open({ over: 1, maxBytes: 100_000 });
  await bytes.set("right", packed(same(100_000)));
  assert.deepEqual(await store.get("right"), same(100_000));
  await bytes.set("over", packed(same(100_001)));
  await refused(store.get("over"), "cant-decode", /"over".*100000 bytes/);
  // A thousandth of what it unpacks to: as much as gzip can.
  const bomb = packed(new Uint8Array(200_000_000));
  await bytes.set("bomb", bomb);
  let unpacked = 0;
  const read = vi.spyOn(ReadableStreamDefaultReader.prototype, "read");
  await refused(store.get("bomb"), "cant-decode", /"bomb"/);
  for (const { value } of read.mock.results) unpacked += ((await value) as { value?: Uint8Array }).value?.length ?? 0;
  read.mockRestore();
  assert.ok(unpacked > 100_000 && unpacked < 20_000_000, `${unpacked} bytes unpacked`);
  assert.deepEqual(await bytes.get("bomb"), bomb);
});

test("what has more than maxBytes is stored as it is, so that it can be read", async () => {
  const { store, bytes } = open({ over: 1, maxBytes: 1000 });
  await store.set("a", same(1001));
  assert.equal((await bytes.get("a"))[0], 0);
  assert.deepEqual(await store.get("a"), same(1001));
});

test("what is damaged, cut or none of the view's is refused, and stays", async () => {
  const { store, bytes } = open({ over: 1 });
  const value = utf8("tea ".repeat(100));
  await store.set("a", value);
  const stored = await bytes.get("a");
  const bad = [
    new Uint8Array(),
    Uint8Array.of(255),
    Uint8Array.of(2, 1, 2),
    Uint8Array.of(255, ...value),
    Uint8Array.of(...stored, 5),
    ...Array.from(stored, (_, length) => stored.slice(0, length)),
  ];
  for (const each of bad) {
    await bytes.set("a", each);
    assert.equal((await refused(store.get("a"), "cant-decode", /"a"/)).key, "a");
    assert.deepEqual(await bytes.get("a"), each);
  }
  await refused(store.take("a"), "cant-decode");
  await refused(store.update("a", () => value), "cant-decode"); // prettier-ignore
  assert.equal(await bytes.has("a"), true);
});

test("no bit that flips makes another value of one that was compressed", async () => {
  const { store, bytes } = open({ over: 1 });
  const value = utf8("tea ".repeat(100));
  await store.set("a", value);
  const stored = await bytes.get("a");
  let refusals = 0;
  for (let bit = 0; bit < 8 * stored.length; bit++) {
    await bytes.set("a", stored.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))); // prettier-ignore
    // gzip has bits that say nothing of the value.
    const found = await store.get("a").catch((error: unknown) => {
      assert.ok(isStoreError(error, "cant-decode"));
    });
    if (found) assert.deepEqual(found, value);
    else refusals++;
  }
  assert.ok(refusals > 4 * stored.length, `${refusals} of ${8 * stored.length}`);
});

test("options are checked, and a platform that cannot compress is reported", async () => {
  for (const bad of [
    { over: -1 },
    { over: "5" },
    { over: Number.NaN },
    { maxBytes: 0 },
    { maxBytes: 1.5 },
    { maxBytes: null },
    5,
  ])
    await refused(() => compressed(memory(), bad as never), "invalid-argument");
  await refused(() => compressed({} as never), "invalid-argument");
  vi.stubGlobal("CompressionStream", undefined);
  await refused(() => compressed(memory()), "unsupported", /CompressionStream/);
  vi.unstubAllGlobals();
});

test("listings have no sizes of what is stored, and keep their deadlines", async () => {
  const { store } = open();
  await store.set("a", same(5000), { expiresAt: 8e15 });
  assert.deepEqual(await store.list(), { entries: [{ key: "a", expiresAt: 8e15 }] });
});
