import assert from "node:assert/strict";
import { test } from "vitest";
import { z } from "zod";
import { count, getOrSet } from "../../../src/extras.ts";
import { json, memory, prefix } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";
import { until } from "../../support/until.ts";
import { createLoads } from "./loads.ts";

/** Two contexts on one medium: store objects that know nothing of each other. */
function contexts() {
  const store = memory();
  return [store, prefix(store, ""), prefix(store, "")] as const;
}

test("with a lease one of all contexts loads, the others get its value, and nothing is left of the lease", async () => {
  const [store, ...others] = contexts();
  const loads = createLoads();
  const all = others.map((other) => getOrSet(other, "key", loads.load, { ttl: 60_000, lease: 60_000 }));
  await until(() => loads.count === 1);
  // The other is waiting: it took what was left of the lease.
  await until(async () => text(await store.find("\0lease/key")) === "2");
  loads.land(0, utf8("1"));
  assert.deepEqual((await Promise.all(all)).map(text), ["1", "1"]);
  assert.deepEqual([loads.count, await count(store)], [1, 1]);
});

test("a context that comes when another has loaded does not load", async () => {
  const [, one, other] = contexts();
  const loads = createLoads(async () => utf8("1"));
  const first = getOrSet(one, "key", loads.load, { lease: 60_000 });
  let reads = 0;
  // It misses the value by a moment.
  const late = { ...other, entry: async (key: string) => (reads++ ? other.entry(key) : void (await first)) };
  assert.equal(text(await getOrSet(late, "key", loads.load, { lease: 60_000 })), "1");
  assert.deepEqual([loads.count, reads], [1, 3]);
});

test("a load that fails gives its lease back at once, and another context loads", async () => {
  const [store, one, other] = contexts();
  const [failing, working] = [createLoads(), createLoads(async () => utf8("2"))];
  const first = getOrSet(one, "key", failing.load, { lease: 60_000 });
  await until(() => failing.count === 1);
  const second = getOrSet(other, "key", working.load, { lease: 60_000 });
  await until(async () => text(await store.find("\0lease/key")) === "2");
  failing.fail(0, new Error("no network"));
  await assert.rejects(first, /no network/);
  assert.equal(text(await second), "2");
  assert.equal(await count(store), 1);
});

test("a load that outlasts its lease is given up: it rejects, stores nothing, and another context loads", async () => {
  const [store, one, other] = contexts();
  const [hanging, working] = [createLoads(), createLoads(async () => utf8("2"))];
  const first = getOrSet(one, "key", hanging.load, { lease: 30 });
  await until(() => hanging.count === 1);
  const second = getOrSet(other, "key", working.load, { lease: 60_000 });
  const error = await refused(first, "unavailable", /^Cannot load key "key": expected an end within 30 ms$/);
  assert.deepEqual([error.key, hanging.signals[0]!.reason], ["key", error]);
  assert.equal(text(await second), "2");
  hanging.land(0, utf8("late"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(text(await store.get("key")), "2");
});

test("what lands in the moment when the lease runs out is not stored, though the timer is late", async () => {
  const store = memory();
  let time = 0;
  const load = () => ((time = 30_000), utf8("late"));
  await refused(getOrSet(store, "key", load, { lease: 30_000, now: () => time }), "unavailable");
  // The lease could be another's by now: it is left to end by itself.
  assert.deepEqual([await store.has("key"), await store.has("\0lease/key")], [false, true]);
});

test("what the store writes late, when the lease has run out, is not stored", async () => {
  const store = memory();
  let time = 0;
  const late = { ...store, transact: (...call: Parameters<typeof store.transact>) => ((time = 30_000), store.transact(...call)) }; // prettier-ignore
  await refused(
    getOrSet(late, "key", () => utf8("late"), { lease: 30_000, now: () => time }),
    "unavailable",
  );
  assert.equal(await store.has("key"), false);
});

test("a lease is given back only by whom it is of, however late the store is", async () => {
  let time = 0;
  const now = () => time;
  const store = memory({ now });
  let goOn: (() => void) | undefined;
  // Whatever removes the lease waits.
  const wait = async (key: string) => {
    if (key.startsWith("\0lease/")) await new Promise<void>((resolve) => (goOn = resolve));
  };
  const late = {
    ...store,
    delete: async (key: string) => (await wait(key), store.delete(key)),
    transact: async ([key]: string[], change: any) => (await wait(key!), store.transact([key!], change)),
  } as typeof store;
  const first = getOrSet(late, "key", () => Promise.reject(new Error("no network")), { lease: 100, now });
  await until(() => goOn);
  time = 150;
  const loads = createLoads();
  const second = getOrSet(store, "key", loads.load, { lease: 60_000, now });
  await until(() => loads.count === 1);
  goOn!();
  await assert.rejects(first, /no network/);
  assert.equal(await store.has("\0lease/key"), true);
  loads.land(0, utf8("2"));
  assert.equal(text(await second), "2");
  assert.equal(await store.has("\0lease/key"), false);
});

test("a key that leaves no room for its lease is refused by its own name, and one that does has one", async () => {
  const store = memory();
  const long = "k".repeat(1018);
  const loads = createLoads(async () => utf8("1"));
  await refused(getOrSet(store, long, loads.load, { lease: 1000 }), "invalid-argument", /^Invalid key: expected 1 to 1,017 UTF-8 bytes with a lease, got "k{64}…"$/); // prettier-ignore
  assert.equal(loads.count, 0);
  await getOrSet(store, long, loads.load);
  await getOrSet(store, long.slice(1), loads.load, { lease: 1000 });
  assert.equal(await count(store), 2);
});

test("a lease that is longer than a timer can be is one", async () => {
  const load = () => new Promise<any>((resolve) => setTimeout(() => resolve(utf8("1")), 5));
  assert.equal(text(await getOrSet(memory(), "key", load, { lease: 30 * 86_400_000 })), "1");
});

test("a view that cannot read a lease gives it back, too", async () => {
  const store = memory();
  const view = json(store, { schema: z.object({ n: z.number() }) });
  assert.deepEqual(await getOrSet(view, "key", () => ({ n: 1 }), { lease: 60_000 }), { n: 1 });
  assert.equal(await count(store), 1);
});

test("an old value is loaded again by one context", async () => {
  const [store, ...others] = contexts();
  await store.set("key", utf8("1"), { ttl: 60_000 });
  const loads = createLoads();
  const ask = () =>
    Promise.all(
      others.map((other) => getOrSet(other, "key", loads.load, { ttl: 60_000, staleFor: 60_000, lease: 60_000 })),
    );
  assert.deepEqual((await ask()).map(text), ["1", "1"]);
  await until(() => loads.count === 1);
  await until(async () => text(await store.find("\0lease/key")) === "2");
  loads.land(0, utf8("2"));
  await until(async () => (await count(store)) === 1);
  assert.deepEqual((await ask()).map(text), ["2", "2"]);
  assert.equal(loads.count, 1);
});

test("a caller who leaves while another context has the lease leaves nothing behind", async () => {
  const [store, one, other] = contexts();
  const loads = createLoads();
  const first = getOrSet(json(one), "key", loads.load, { lease: 60_000 });
  await until(() => loads.count === 1);
  const stop = new AbortController();
  const waiting = getOrSet(json(other), "key", loads.load, { lease: 60_000, signal: stop.signal });
  await until(async () => text(await store.find("\0lease/key")) === "2");
  stop.abort("leaves");
  await assert.rejects(waiting, (reason) => reason === "leaves");
  loads.land(0, 1);
  assert.equal(await first, 1);
  assert.deepEqual([loads.count, await count(store)], [1, 1]);
});
