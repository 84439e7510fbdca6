// Codecs that people use, each as an app would give it to `encoded`.
import assert from "node:assert/strict";
import { deserialize, serialize } from "node:v8";
import { test } from "vitest";
import { memory } from "../../../src/index.ts";
import { encoded, type EncodedOptions } from "../../../src/views/encoded.ts";
import { load } from "../../peers/load.ts";
import { utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";

interface Subject {
  readonly codec: EncodedOptions<any>;
  /** What comes back as it was, beside what JSON keeps. */
  readonly values: readonly unknown[];
  readonly damaged: Uint8Array;
  /** Whether objects are equal whatever the order of their properties. */
  readonly sorts: boolean;
}

const msgpack = await load("@msgpack/msgpack");
const cborg = await load("cborg");
const devalue = await load("devalue");

const circle: unknown[] = [];
circle.push(circle);
const bytes = Uint8Array.of(0, 255);
const rich = [new Map([[{ a: 1 }, new Set([1n])]]), new Date(0), -0, /tea/g, circle];
const subjects: Record<string, Subject> = {
  MessagePack: {
    codec: { encode: (value) => msgpack.encode(value, { sortKeys: true }), decode: (bytes) => msgpack.decode(bytes) },
    values: [new Date(0), bytes, NaN, -Infinity],
    damaged: Uint8Array.of(0xc1),
    sorts: true,
  },
  CBOR: { codec: cborg, values: [bytes, 2n ** 63n, NaN, -Infinity], damaged: Uint8Array.of(0xff), sorts: true },
  devalue: {
    codec: { encode: devalue.stringify, decode: (bytes) => devalue.parse(new TextDecoder().decode(bytes)) },
    values: [...rich, bytes, 2n ** 100n, NaN],
    damaged: utf8("{"),
    sorts: false,
  },
  "structured clone": {
    codec: { encode: serialize, decode: deserialize },
    values: [...rich, bytes, 2n ** 100n, NaN, new Error("mine")],
    damaged: Uint8Array.of(0),
    sorts: false,
  },
};

for (const [name, { codec, values, damaged, sorts }] of Object.entries(subjects)) {
  test(`${name}: what JSON keeps and more comes back as it was, through every call`, async () => {
    const store = encoded<any>(memory(), codec);
    for (const value of [null, true, "", "☕", 0, -1.5, 2 ** 52, [], [1, [{}]], { a: { b: [null] } }, ...values]) {
      await store.set("a", value);
      assert.deepEqual(await store.get("a"), value);
      await store.setMany([["b", value], ["c", 1]]); // prettier-ignore
      assert.deepEqual(await store.findMany(["b", "none"]), [value, undefined]);
      for await (const entry of store.entries({ prefix: "b" })) assert.deepEqual(entry.value, value);
      assert.equal(await store.compareAndSet("a", value, "next"), true);
      assert.deepEqual(await store.update("a", () => value), value);
      const [entry] = await store.transact(["a"], ([found]) => [{ ...found!, value: [found!.value] }]);
      assert.deepEqual(entry!.value, [value]);
      assert.deepEqual(await store.take("b"), value);
    }
    assert.equal(await store.increment("n", 2), 2);
    assert.equal(await store.increment("n", 0.5), 2.5);
    assert.equal(await store.get("n"), 2.5);
    await store.set("a", { a: 1, b: 2 });
    assert.equal(await store.compareAndSet("a", { b: 2, a: 1 }, 0), sorts);
  });

  test(`${name}: what it cannot take is refused by the key, and nothing is written`, async () => {
    const bytes = memory();
    const store = encoded<any>(bytes, codec);
    await store.set("a", 1);
    for (const bad of [() => 1, [Symbol("tea")], { a: () => 1 }]) {
      assert.equal((await refused(store.set("a", bad), "cant-encode")).key, "a");
      await refused(store.setMany([["b", 1], ["c", bad]]), "cant-encode"); // prettier-ignore
      await refused(
        store.update("a", () => bad),
        "cant-encode",
      );
    }
    assert.deepEqual([await store.get("a"), await store.has("b")], [1, false]);
    await store.set("a", "tea");
    const whole = await bytes.get("a");
    for (const each of [damaged, whole.slice(0, -1)]) {
      await bytes.set("a", each);
      const error = await refused(store.get("a"), "cant-decode", /^Cannot decode key "a": /);
      assert.deepEqual([error.key, error.cause instanceof Error], ["a", true]);
      await refused(store.take("a"), "cant-decode");
    }
  });
}
