// A process of its own with stores in a Deno KV, line by line: [number, name of the call, ...arguments].
import assert from "node:assert/strict";
import { denoKv, type DenoKvLike } from "../../src/adapters/denoKv.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError, type StoreErrorCode } from "../../src/core/error.ts";
import { createClock } from "../../src/testing.ts";
import { text, utf8 } from "../support/bytes.ts";
import { answerCalls } from "../support/childCalls.ts";

interface Kv extends DenoKvLike {
  get(key: readonly unknown[]): Promise<{ value: any }>;
  set(key: readonly unknown[], value: unknown): Promise<unknown>;
  close(): void;
}

const { Deno } = globalThis as unknown as { Deno: { openKv(path: string): Promise<Kv> } };
let store: Store;

/** The first parts of all keys below "shelflife", counted. */
async function rooms(kv: Kv): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { key } of kv.list({ start: ["shelflife"], end: ["shelfliff"] }, {})) {
    counts[key[1]] = (counts[key[1]] ?? 0) + 1;
  }
  return counts;
}

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 151) & 255);
const rejects = (work: Promise<unknown>, code: StoreErrorCode): Promise<void> =>
  assert.rejects(work, (error) => isStoreError(error, code));

/** What is proved on a Deno KV in memory. */
const proofs: Record<string, (kv: Kv) => Promise<void>> = {
  async sizes(kv) {
    const one = denoKv(kv);
    for (const length of [65_000, 65_001, 780_000, 800_000, 1_000_000]) {
      await one.set("key", bytes(length));
      assert.ok(Buffer.from(await one.get("key")).equals(bytes(length)), `${length}`);
      assert.deepEqual((await one.list()).entries, [{ key: "key", expiresAt: Infinity, size: length }]);
    }
    // What is replaced leaves nothing, nor does what was touched, or what is removed.
    assert.deepEqual(await rooms(kv), { v: 1, p: Math.ceil(1_000_000 / 65_000) });
    await one.touch("key", { ttl: 60_000 });
    assert.ok(Buffer.from(await one.get("key")).equals(bytes(1_000_000)), "touched");
    assert.deepEqual(await rooms(kv), { v: 1, p: Math.ceil(1_000_000 / 65_000), e: 1 });
    await one.set("key", bytes(3));
    assert.deepEqual(await rooms(kv), { v: 1 });
    await one.set("key", bytes(3), { ttl: 60_000 });
    await one.delete("key");
    assert.deepEqual(await rooms(kv), {});
    await one.setMany(Array.from({ length: 120 }, (_, index) => [`k${index}`, bytes(20_000), { ttl: 60_000 }]));
    assert.equal(
      (await one.findMany(Array.from({ length: 120 }, (_, index) => `k${index}`))).filter(Boolean).length,
      120,
    );
    await one.clear();
    assert.deepEqual(await rooms(kv), {});
  },
  async transactions(kv) {
    const one = denoKv(kv);
    const keys = Array.from({ length: 50 }, (_, index) => `${index}`);
    await one.transact(keys, () => keys.map(() => ({ value: bytes(70_000) })));
    // 3.5 MB in one step, and a failure in the midst of it leaves all as it was.
    assert.deepEqual(new Set((await one.findMany(keys)).map((value) => value?.length)), new Set([70_000]));
    await one.transact(keys, (entries) => entries.map((entry, index) => (index % 2 ? entry : undefined)));
    assert.deepEqual(await rooms(kv), { v: 25, p: 50 });
    const never = (): never => {
      throw new Error("It was called");
    };
    await rejects(
      one.transact(
        Array.from({ length: 101 }, (_, index) => `${index}`),
        never,
      ),
      "unsupported",
    );
    const longest = Array.from({ length: 90 }, (_, index) => `${index}`.padStart(1024));
    await rejects(
      one.transact(longest, () => longest.map(() => ({ value: bytes(1) }))),
      "unsupported",
    );
    assert.equal((await one.findMany(longest)).filter(Boolean).length, 0);
    await one.setMany(longest.map((key) => [key, bytes(1)]));
    assert.equal((await one.findMany(longest)).filter(Boolean).length, 90);
  },
  async keys(kv) {
    const one = denoKv(kv);
    // Deno KV counts each NUL twice.
    await one.set("\0".repeat(1000), bytes(1));
    await rejects(one.set("\0".repeat(1024), bytes(1)), "invalid-argument");
    assert.deepEqual(await one.deleteMany(["\0".repeat(1000)]), 1);
  },
  async neighbours(kv) {
    const [one, other] = [denoKv(kv), denoKv(kv, { prefix: "other" })];
    await kv.set(["app"], 1);
    await kv.set(["shelflife"], 2);
    await one.set("key", utf8("one"), { ttl: 60_000 });
    await other.set("key", utf8("other"));
    assert.equal(text(await one.get("key")), "one");
    await one.clear();
    assert.equal(text(await other.get("key")), "other");
    assert.deepEqual([(await kv.get(["app"])).value, (await kv.get(["shelflife"])).value], [1, 2]);
    await one.close();
    assert.equal((await kv.get(["app"])).value, 1);
    for (const prefix of ["", 7, "x".repeat(513)] as string[]) {
      assert.throws(() => denoKv(kv, { prefix }), /"prefix" must be a string of 1 to 512 UTF-8 bytes/);
    }
    for (const none of [undefined, {}, new Map()]) assert.throws(() => denoKv(none as never), /kv must be a Deno KV/);
    await denoKv(kv, { prefix: "x".repeat(512) }).set("k".repeat(1024), bytes(1));
  },
  async damage(kv) {
    const one = denoKv(kv);
    await one.setMany([["whole", bytes(1)], ["cut", bytes(200_000), { ttl: 60_000 }]]); // prettier-ignore
    await kv.set(["shelflife", "v", "foreign"], "text");
    const { id } = (await kv.get(["shelflife", "v", "cut"])).value;
    const operation = kv.atomic();
    operation.delete(["shelflife", "p", id, 1]);
    await operation.commit();
    for (const key of ["cut", "foreign"]) {
      await rejects(one.get(key), "cant-decode");
      await rejects(one.update(key, (value) => value), "cant-decode"); // prettier-ignore
    }
    assert.deepEqual((await one.list()).entries.map(({ key }) => key), ["cut", "foreign", "whole"]); // prettier-ignore
    await one.set("cut", bytes(2));
    await one.delete("foreign");
    assert.deepEqual(await one.findMany(["cut", "foreign", "whole"]), [bytes(2), undefined, bytes(1)]);
    await one.clear();
    assert.deepEqual(await rooms(kv), {});
  },
  async replaced(kv) {
    const writer = denoKv(kv);
    const [old, next] = [bytes(70_000), bytes(80_000)];
    let isReplaced = false;
    // Between a head and its parts, another store replaces them.
    const slow: DenoKvLike = {
      async getMany(keys) {
        if (!isReplaced && keys[0][1] === "p") {
          isReplaced = true;
          await writer.set("key", next);
        }
        return kv.getMany(keys);
      },
      list: (...args) => kv.list(...args),
      atomic: () => kv.atomic(),
    };
    const reader = denoKv(slow);
    const reads: Record<string, () => Promise<Uint8Array | undefined>> = {
      get: () => reader.get("key"),
      findMany: async () => (await reader.findMany(["key"]))[0],
      update: () => reader.update("key", (value) => value),
      async entries() {
        for await (const { value } of reader.entries()) return value;
        return undefined;
      },
    };
    for (const [name, read] of Object.entries(reads)) {
      isReplaced = true;
      await writer.set("key", old);
      isReplaced = false;
      assert.equal((await read())?.length, 80_000, name);
    }
  },
  async strays(kv) {
    const clock = createClock();
    let isCut = true;
    // The process is gone once the parts are written, before the head refers to them.
    const cut: DenoKvLike = {
      getMany: (keys) => kv.getMany(keys),
      list: (...args) => kv.list(...args),
      atomic() {
        const operation = kv.atomic();
        const { commit } = operation;
        operation.set = (
          (set) =>
          (key: any, ...rest: [any, any]) => {
            if (key[1] === "v" && isCut) operation.commit = () => new Promise(() => {});
            return set.call(operation, key, ...rest);
          }
        )(operation.set);
        return Object.assign(operation, { commit });
      },
    };
    void denoKv(cut, { now: clock.now }).set("key", bytes(900_000));
    const one = denoKv(kv, { now: clock.now, sweepInterval: Infinity });
    while ((await rooms(kv)).p !== 14) await new Promise((resolve) => setTimeout(resolve, 5));
    isCut = false;
    assert.equal(await one.sweep(), 0);
    assert.equal((await rooms(kv)).p, 14);
    clock.advance(600_001);
    await one.set("gone", bytes(1), { ttl: 5 });
    clock.advance(5);
    assert.equal(await one.sweep(), 1);
    assert.deepEqual(await rooms(kv), {});
    assert.equal(await one.find("key"), undefined);
  },
};

await answerCalls({
  async open(path: string) {
    store = denoKv(await Deno.openKv(path));
  },
  async hit(times: number) {
    const counts: number[] = [];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let count = 0; count < times; count++) counts.push(await store.increment("hits", 1, { ttl: 60_000 }));
      }),
    );
    return counts;
  },
  /** Writes values in parts for ever, and says which one was acknowledged. */
  set: (key: string, fill: number, length: number) => store.set(key, new Uint8Array(length).fill(fill)),
  /** The bytes of a value, each once. */
  async read(key: string) {
    const value = await store.find(key);
    return value && [value.length, ...new Set(value)];
  },
  async prove(name: string) {
    const kv = await Deno.openKv(":memory:");
    await proofs[name]!(kv);
    kv.close();
  },
});
