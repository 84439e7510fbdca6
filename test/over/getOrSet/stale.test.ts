import assert from "node:assert/strict";
import { test } from "vitest";
import { getOrSet } from "../../../src/extras.ts";
import { memory } from "../../../src/index.ts";
import { createClock } from "../../../src/testing.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { until } from "../../support/until.ts";
import { createLoads } from "./loads.ts";

test("however long old values may be returned, a value is old at its time", async () => {
  const clock = createClock();
  const store = memory({ now: clock.now });
  const loads = createLoads(async () => utf8(`${loads.count}`));
  const ask = () => getOrSet(store, "key", loads.load, { ttl: 100, staleFor: 4e15, now: clock.now });
  assert.equal(text(await ask()), "1");
  clock.advance(99);
  assert.equal(text(await ask()), "1");
  assert.equal(loads.count, 1);
  clock.advance(1);
  assert.equal(text(await ask()), "1");
  await until(async () => text(await store.get("key")) === "2");
});

test("a load in the background that hangs leaves the old value; then it is waited for, and given up with the last caller that waits", async () => {
  const clock = createClock();
  const store = memory({ now: clock.now });
  const loads = createLoads();
  const ask = (signal?: AbortSignal) =>
    getOrSet(store, "key", loads.load, { ttl: 100, staleFor: 50, signal, now: clock.now });
  await store.set("key", utf8("1"), { ttl: 50 });
  assert.deepEqual((await Promise.all([ask(), ask()])).map(text), ["1", "1"]);
  clock.advance(50);
  const stop = new AbortController();
  const waiting = ask(stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort("leaves");
  await assert.rejects(waiting, (reason) => reason === "leaves");
  assert.deepEqual([loads.count, loads.signals[0]!.reason], [1, "leaves"]);
  const next = ask();
  await until(() => loads.count === 2);
  loads.land(1, utf8("2"));
  assert.equal(text(await next), "2");
});
