// How much what waits comes to, however much is called.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "vitest";
import { memory } from "../../src/index.ts";
import { text, utf8 } from "../support/bytes.ts";
import { offlinePair, read, type Pair } from "../support/offlinePair.ts";
import { until } from "../support/until.ts";

let pair: Pair;
beforeEach(() => {
  pair = offlinePair();
});
afterEach(() => pair.close());

test("a hundred thousand increments of ten keys are ten operations on the wire", async () => {
  const store = pair.client();
  await store.sync();
  await pair.cut(store);
  const keys = Array.from({ length: 10 }, (_, index) => `n${index}`);
  for (let round = 0; round < 100; round++)
    await Promise.all(Array.from({ length: 1000 }, (_, index) => store.increment(keys[index % 10]!)));
  assert.equal(store.status().pending, 10);
  pair.network = "up";
  await store.flush();
  for (const key of keys) assert.equal(await read(pair.server, key), "10000");
  assert.equal(pair.bodies.join("").match(/\["add"/g)?.length, 10);
});

test("a hundred thousand writes to ten thousand keys leave one value a key, and few rows beside", async () => {
  const local = memory();
  const store = pair.client({ local });
  await store.sync();
  await pair.cut(store);
  const keys = Array.from({ length: 10_000 }, (_, index) => `key ${index}`);
  const value = (round: number) => utf8(`${round}`.padStart(100, "."));
  for (let round = 0; round < 10; round++) for (const key of keys) await store.set(key, value(round));
  assert.equal(store.status().pending, 10_000);
  let [rows, bytes] = [0, 0];
  for await (const { value } of local.entries()) [rows, bytes] = [rows + 1, bytes + value.length];
  assert.ok(rows <= 10_000 + 10_000 / 16, `${rows} rows`);
  assert.ok(bytes <= 10_000 * 300, `${bytes} bytes`);
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "key 9999"), String(9).padStart(100, "."));
  assert.equal(await read(pair.server, "key 0"), String(9).padStart(100, "."));
});

test("what a write that waits was over is kept beside it only to be merged", async () => {
  for (const [merge, values] of [
    [undefined, 2],
    [({ mine }: { mine?: Uint8Array }) => mine, 3],
  ] as const) {
    const local = memory();
    const store = pair.client({ local, merge });
    await store.sync();
    // The second comes while the first is on its way, and stays here: nothing gets through after the first.
    const second = new Promise<void>((resolve, reject) => {
      pair.network = async (request) => {
        if (!(await request.clone().text()).includes("first")) return pair.answer(request);
        pair.network = "down";
        await store.set("key", utf8("second".padEnd(1000))).then(resolve, reject);
        return pair.answer(request);
      };
    });
    await store.set("key", utf8("first".padEnd(1000)));
    await second;
    await until(async () => JSON.parse(text(await local.find("i"))!).sequence === 2);
    assert.equal(Math.floor((await local.find("dkey"))!.length / 1000), values);
    pair.network = "up";
    await store.flush();
  }
});
