import assert from "node:assert/strict";
import { afterEach, expect, test, vi } from "vitest";
import { observe } from "../../src/extras.ts";
import { createStore, json, memory, StoreError } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";
import { refused } from "../support/refused.ts";
import { storeKinds } from "../support/storeKinds.ts";
import { until } from "../support/until.ts";
import { counted } from "./observe/counted.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

for (const [kind, open] of Object.entries(storeKinds)) {
  test(`${kind}: a value and a map stay current, and keep their identity until something has changed`, async () => {
    const store = json<{ n: number }>(open());
    await store.setMany([["a/1", { n: 1 }], ["a/2", { n: 2 }], ["b/1", { n: 9 }]]); // prettier-ignore
    const [one, all] = [observe(store, "a/1"), observe(store, { prefix: "a/" })];
    assert.deepEqual([one.get(), all.get()], [undefined, new Map()]);
    const [seen, maps]: [unknown[], ReadonlyMap<string, unknown>[]] = [[], []];
    const stops = [one.subscribe((value) => seen.push(value)), all.subscribe((map) => maps.push(map))];
    assert.deepEqual([seen, maps], [[undefined], [new Map()]]);
    assert.deepEqual(await one.ready, { n: 1 });
    const before = await all.ready;
    assert.deepEqual(Object.fromEntries(before), { "a/1": { n: 1 }, "a/2": { n: 2 } });
    assert.equal(all.get(), before);
    await store.set("b/1", { n: 8 });
    await store.set("a/1", { n: 3 });
    await until(() => one.get()?.n === 3 && all.get().get("a/1")?.n === 3);
    assert.equal(all.get().get("a/2"), before.get("a/2"));
    assert.equal(before.get("a/1")!.n, 1);
    await store.delete("a/2");
    await store.set("a/3", { n: 4 });
    await until(() => all.get().has("a/3") && !all.get().has("a/2"));
    await store.touch("a/3", { ttl: 30 });
    await until(() => !all.get().has("a/3"));
    await store.delete("a/1");
    await until(() => one.get() === undefined && all.get().size === 0);
    assert.deepEqual(seen, [undefined, { n: 1 }, { n: 3 }, undefined]);
    assert.equal(maps.at(-1), all.get());
    assert.equal(new Set(maps).size, maps.length);
    for (const stop of stops) stop();
    await store.close();
  });
}

test("of thousands of keys just those are read that have changed", async () => {
  const { view, count } = counted(json<number>(memory()));
  await view.setMany(Array.from({ length: 5000 }, (_, index) => [`key/${index}`, index]));
  const all = observe(view, { prefix: "key/" });
  const stop = all.subscribe(() => {});
  await all.ready;
  assert.deepEqual(count, { entry: 0, entries: 1, watches: 1 });
  await view.set("key/7", -7);
  await until(() => all.get().get("key/7") === -7);
  assert.deepEqual(count, { entry: 1, entries: 1, watches: 1 });
  await view.setMany(Array.from({ length: 100 }, (_, index) => [`key/${index}`, -index]));
  await until(() => all.get().get("key/99") === -99);
  assert.deepEqual([count.entry, count.entries, all.get().size], [101, 1, 5000]);
  stop();
});

test("what is written again as it was, or gets another deadline, is no change", async () => {
  const { view, count } = counted(json<object>(memory()));
  await view.set("key", { a: [1, { b: null }] });
  const one = observe(view, "key");
  const seen: unknown[] = [];
  const stop = one.subscribe((value) => seen.push(value));
  const before = await one.ready;
  await view.set("key", { a: [1, { b: null }] });
  await view.touch("key", { ttl: 60_000 });
  await until(() => count.entry >= 2);
  await view.set("other", {});
  await one.ready;
  assert.equal(one.get(), before);
  assert.deepEqual(seen, [undefined, before]);
  // Nor is a key that begins like it.
  const reads = count.entry;
  await view.set("key/other", {});
  await view.set("key", { b: 1 });
  await until(() => one.get() !== before);
  assert.equal(count.entry, reads + 1);
  stop();
});

test("resync reads all again; what is the same keeps its identity, what is gone goes", async () => {
  const store = json<{ n: number }>(memory());
  const { view, count, tell } = counted(store);
  // A change that nobody reports.
  const silent = { ...view, watch: ((options) => view.watch({ ...options, prefix: "nothing" })) as typeof view.watch };
  await store.setMany([["1", { n: 1 }], ["2", { n: 2 }]]); // prettier-ignore
  const all = observe(silent, {});
  const seen: unknown[] = [];
  const stop = all.subscribe((map) => seen.push(map));
  const before = await all.ready;
  tell({ type: "resync" });
  await until(() => count.entries === 2);
  await all.ready;
  assert.equal(all.get(), before);
  await store.delete("1");
  tell({ type: "resync" });
  await until(() => all.get().size === 1);
  assert.equal(all.get().get("2"), before.get("2"));
  assert.deepEqual([seen.length, count.entry], [3, 0]);
  stop();
});

test("a page that comes back as it was reads again, and a page that is shown for the first time does not", async () => {
  const target = new EventTarget();
  vi.stubGlobal("addEventListener", target.addEventListener.bind(target));
  vi.stubGlobal("removeEventListener", target.removeEventListener.bind(target));
  const { view, count } = counted(memory());
  const all = observe(view, {});
  const stop = all.subscribe(() => {});
  await all.ready;
  const show = (persisted: boolean) => target.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));
  show(false);
  await all.ready;
  assert.equal(count.entries, 1);
  show(true);
  await all.ready;
  assert.equal(count.entries, 2);
  stop();
  await until(() => count.watches === 0);
  show(true);
  await all.ready;
  assert.equal(count.entries, 2);
  // Nor when its watch has ended, as that of a closed store.
  const again = all.subscribe(() => {});
  await all.ready;
  await view.close();
  await until(() => all.error && count.watches === 0);
  const { entries } = count;
  show(true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(count.entries, entries);
  again();
});

test("at its deadline a value is gone: for a read at once, for a listener by a timer, of which there is one", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const clock = createClock();
  const store = json<number>(memory({ now: clock.now, sweepInterval: Infinity }));
  // As where the watch is late.
  const silent = {
    ...store,
    watch: ((options) => store.watch({ ...options, prefix: "nothing" })) as typeof store.watch,
  };
  await store.setMany([["1", 1, { ttl: 50 }], ["2", 2, { ttl: 80 }], ["3", 3]]); // prettier-ignore
  const all = observe(silent, {}, { now: clock.now });
  const seen: string[] = [];
  const stop = all.subscribe((map) => seen.push([...map.keys()].join()));
  await all.ready;
  clock.advance(49);
  assert.equal(all.get().size, 3);
  clock.advance(1);
  const after = all.get();
  assert.deepEqual([...after.keys()], ["2", "3"]);
  assert.equal(all.get(), after);
  assert.deepEqual(seen, ["", "1,2,3"]);
  vi.advanceTimersByTime(50);
  assert.deepEqual(seen, ["", "1,2,3", "2,3"]);
  clock.advance(30);
  vi.advanceTimersByTime(30);
  assert.deepEqual(seen, ["", "1,2,3", "2,3", "3"]);
  stop();
  await store.close();
  await vi.waitUntil(() => vi.getTimerCount() === 0);
});

test("when the last listener has left, there is no watch and no timer; the next one sees what changed meanwhile", async () => {
  const { view, count } = counted(json<number>(memory({ sweepInterval: Infinity })));
  await view.set("key", 1, { ttl: 60_000 });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const one = observe(view, "key");
  const seen: unknown[] = [];
  const listener = (value: unknown): unknown => seen.push(value);
  const stops = [one.subscribe(listener), one.subscribe(listener)];
  await one.ready;
  assert.deepEqual([count.watches, vi.getTimerCount() > 0], [1, true]);
  stops[0]!();
  stops[0]!();
  await view.set("key", 2, { ttl: 60_000 });
  await vi.waitUntil(() => one.get() === 2);
  assert.equal(count.watches, 1);
  stops[1]!();
  await vi.waitUntil(() => vi.getTimerCount() === 0);
  vi.useRealTimers();
  await until(() => count.watches === 0);
  await view.set("key", 3);
  assert.equal(one.get(), 2);
  assert.deepEqual(seen, [undefined, undefined, 1, 1, 2]);
  const stop = one.subscribe(listener);
  await until(() => one.get() === 3);
  assert.deepEqual(seen.slice(5), [2, 3]);
  stop();
});

test("a store that fails leaves the last snapshot and says why; it is tried again until it works", async () => {
  const store = json<number>(memory());
  const { view, count, tell } = counted(store);
  await store.set("key", 1);
  const one = observe(view, "key");
  const seen: unknown[] = [];
  const stop = one.subscribe(() => seen.push([one.get(), (one.error as StoreError | undefined)?.code]));
  await one.ready;
  const failing = vi.spyOn(view, "entry").mockRejectedValue(new StoreError("unavailable", "No network"));
  tell(new StoreError("unavailable", "Connection lost"));
  await until(() => failing.mock.calls.length >= 2);
  await store.set("key", 2);
  failing.mockRestore();
  await until(() => one.get() === 2);
  assert.deepEqual(seen.slice(0, 3), [[undefined, undefined], [1, undefined], [1, "unavailable"]]); // prettier-ignore
  assert.deepEqual(seen.at(-1), [2, undefined]);
  assert.equal(count.watches, 1);
  stop();
});

test("a store without a watch is read once, and a closed one no more", async () => {
  const store = memory();
  const { view, count } = counted(store);
  const least = { ...view, watch: createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => false }).watch }; // prettier-ignore
  await store.set("key", Uint8Array.of(1));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const [one, all] = [observe(least, "key"), observe(view, {})];
  const stops = [one.subscribe(() => {}), all.subscribe(() => {})];
  await vi.waitUntil(() => one.error);
  assert.deepEqual([(one.error as StoreError).code, one.get()], ["unsupported", Uint8Array.of(1)]);
  await store.close();
  await vi.waitUntil(() => all.error && vi.getTimerCount() < 2);
  await vi.advanceTimersByTimeAsync(300_000);
  assert.equal((all.error as StoreError).code, "closed");
  assert.deepEqual([count.entry, vi.getTimerCount()], [1, 0]);
  for (const stop of stops) stop();
});

test("ready reads by itself, forgets a failure, and is the snapshot of what others follow", async () => {
  const { view, count } = counted(json<number>(memory()));
  await view.set("key", 1);
  const one = observe(view, "key");
  vi.spyOn(view, "entry").mockRejectedValueOnce(new StoreError("unavailable", "No network"));
  await refused(one.ready, "unavailable");
  assert.deepEqual(await Promise.all([one.ready, one.ready]), [1, 1]);
  assert.deepEqual([count.entry, count.watches], [1, 0]);
});

test("an error that a listener throws is reported, and keeps no other listener from anything", async () => {
  const thrown: (() => void)[] = [];
  vi.stubGlobal("queueMicrotask", (task: () => void) => thrown.push(task));
  const store = json<number>(memory());
  const one = observe(store, "key");
  const seen: unknown[] = [];
  const stops = [
    one.subscribe(() => {
      throw new Error("mine");
    }),
    one.subscribe((value) => seen.push(value)),
  ];
  await one.ready;
  await store.set("key", 1);
  await until(() => seen.includes(1));
  assert.equal(one.error, undefined);
  assert.ok(thrown.length >= 2);
  assert.throws(thrown[0]!, /mine/);
  for (const stop of stops) stop();
});

test("what cannot be decoded is the error, which names the key", async () => {
  const store = memory();
  await store.set("key", Uint8Array.of(255));
  const one = observe(json(store), "key");
  const stop = one.subscribe(() => {});
  await until(() => one.error);
  expect(one.error).toMatchObject({ code: "cant-decode", key: "key" });
  stop();
});

test("what is wrong is one StoreError, thrown at once", async () => {
  await refused(() => observe(5 as never, "key"), "invalid-argument", /^Invalid store: expected a store, got 5$/);
  await refused(() => observe(memory(), ""), "invalid-argument", /^Invalid key/);
  await refused(() => observe(memory(), 5 as never), "invalid-argument", /^Invalid options/);
  await refused(() => observe(memory(), { prefix: 5 as never }), "invalid-argument", /^Invalid prefix/);
  await refused(() => observe(memory(), "key", { now: 5 as never }), "invalid-argument", /^Invalid now/);
  await refused(() => observe(memory(), "key").subscribe(5 as never), "invalid-argument", /^Invalid change/);
});
