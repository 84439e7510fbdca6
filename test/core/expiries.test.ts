// The one timer of a store that is watched, by which what expires is removed, and so reported, in time.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test, vi } from "vitest";
import type { Backend, Observer, Store } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { memory } from "../../src/index.ts";

const value = new Uint8Array(1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** A medium that has deadlines alone, and what it was asked for. */
interface Medium {
  readonly store: Store;
  readonly deadlines: Map<string, number>;
  readonly asked: string[];
  readonly observers: Set<Observer>;
  /** What is awaited before it answers, by the name of the call. */
  readonly before: Record<string, () => unknown>;
}

function createMedium(without: readonly string[] = []): Medium {
  const deadlines = new Map<string, number>();
  const asked: string[] = [];
  const observers = new Set<Observer>();
  const before: Medium["before"] = {};
  const ask = async (name: string): Promise<void> => {
    asked.push(name);
    await before[name]?.();
  };
  const report = (type: "set" | "expire", key: string): void => {
    for (const observer of observers) observer.changed({ type, key });
  };
  const backend: Backend = {
    isPersistent: () => false,
    get: () => undefined,
    set(key, { expiresAt }) {
      deadlines.set(key, expiresAt);
      report("set", key);
    },
    delete: (key) => deadlines.delete(key),
    async soonest() {
      await ask("soonest");
      return Math.min(...deadlines.values());
    },
    async sweep() {
      await ask("sweep");
      const due = [...deadlines].filter(([, deadline]) => deadline <= Date.now());
      for (const [key] of due) {
        deadlines.delete(key);
        report("expire", key);
      }
      return due.length;
    },
    async watch(_, observer) {
      observers.add(observer);
      await ask("watch");
      return () => void observers.delete(observer);
    },
    close: () => void asked.push("close"),
  };
  for (const name of without) delete backend[name as "soonest"];
  return { store: createStore(backend, { sweepInterval: Infinity }), deadlines, asked, observers, before };
}

/** Turns the clock on, and lets what is due be done. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Collects what a watch reports, from when it has begun. */
async function watching(store: Store): Promise<{ seen: string[]; end(): Promise<unknown> }> {
  const seen: string[] = [];
  // What keeps the process for a reader is a timer too.
  const changes = store.watch({ unref: true });
  const end = async (): Promise<unknown> => changes.return!();
  void (async () => {
    for await (const change of changes)
      seen.push(change.type === "resync" ? change.type : `${change.type} ${change.key}`);
  })();
  await store.findMany([]);
  await pass(0);
  return { seen, end };
}

test("without a watch there is no timer, whatever has a deadline", async () => {
  const { store, asked } = createMedium();
  await store.set("key", value, { ttl: 50 });
  assert.equal(vi.getTimerCount(), 0);
  await pass(1000);
  assert.deepEqual(asked, []);
});

test("several watches have one timer, which ends with the last of them", async () => {
  const { store, asked } = createMedium();
  await store.set("key", value, { ttl: 10_000 });
  const watches = [await watching(store), await watching(store), await watching(store)];
  assert.equal(vi.getTimerCount(), 1);
  for (const { end } of watches.slice(1)) await end();
  assert.equal(vi.getTimerCount(), 1);
  const [first] = watches;
  // The end of one watch is that of no other.
  await watches[1]!.end();
  assert.equal(vi.getTimerCount(), 1);
  await first!.end();
  assert.equal(vi.getTimerCount(), 0);
  asked.length = 0;
  await pass(20_000);
  assert.deepEqual([first!.seen, asked], [[], []]);
});

test("a watch that begins after the last has ended has a timer again", async () => {
  const { store } = createMedium();
  await (await watching(store)).end();
  const { seen } = await watching(store);
  await store.set("key", value, { ttl: 200 });
  await pass(300);
  assert.deepEqual(seen, ["set key", "expire key"]);
});

test("where nothing has a deadline a watch has no timer, and where one is far off none that is near", async () => {
  const { store, asked } = createMedium();
  const { seen } = await watching(store);
  await store.set("key", value);
  await pass(100);
  assert.equal(vi.getTimerCount(), 0);
  // Longer than a timer can be.
  await store.set("late", value, { ttl: 3e9 });
  await pass(100);
  asked.length = 0;
  await pass(2_147_000_000);
  assert.deepEqual(asked, []);
  await pass(3e9 - 2_147_000_000);
  assert.deepEqual(seen, ["set key", "set late", "expire late"]);
});

test("an expiry is reported within 100 ms, and a deadline that is written meanwhile is not missed for a later one", async () => {
  const { store, asked } = createMedium();
  await store.set("late", value, { ttl: 10_000 });
  const { seen } = await watching(store);
  for (const ttl of [5, 160, 300]) await store.set(`ttl ${ttl}`, value, { ttl });
  seen.length = 0;
  await pass(100);
  assert.deepEqual(seen, ["expire ttl 5"]);
  await pass(160);
  assert.deepEqual(seen, ["expire ttl 5", "expire ttl 160"]);
  await pass(140);
  assert.deepEqual(seen, ["expire ttl 5", "expire ttl 160", "expire ttl 300"]);
  asked.length = 0;
  await pass(9_000);
  assert.deepEqual(asked, []);
  await pass(700);
  assert.equal(seen.at(-1), "expire late");
});

test("many writes are one look", async () => {
  const { store, asked } = createMedium();
  await watching(store);
  asked.length = 0;
  for (let count = 0; count < 1000; count++) await store.set(`key ${count}`, value, { ttl: 60_000 });
  await pass(100);
  assert.deepEqual(asked, ["soonest"]);
});

test("writes without an end do not put an expiry off", async () => {
  const { store } = createMedium();
  const { seen } = await watching(store);
  await store.set("key", value, { ttl: 200 });
  for (let time = 0; time < 300; time += 5) {
    await store.set("other", value);
    await pass(5);
  }
  assert.ok(seen.includes("expire key"));
});

test("an entry that is written while a watch begins expires in time", async () => {
  const { store, before, deadlines, observers } = createMedium();
  let begun = (): void => {};
  before.watch = () => new Promise<void>((resolve) => (begun = resolve));
  const changes = store.watch({ unref: true });
  const seen = [changes.next(), changes.next()];
  await pass(0);
  // Another context writes when the medium reports changes already, and has not said so yet.
  deadlines.set("key", Date.now() + 200);
  for (const observer of observers) observer.changed({ type: "set", key: "key" });
  await pass(0);
  begun();
  await pass(400);
  assert.equal(vi.getTimerCount(), 0);
  assert.deepEqual(deadlines, new Map());
  assert.deepEqual(
    (await Promise.all(seen)).map((step) => step.value),
    [
      { type: "set", key: "key" },
      { type: "expire", key: "key" },
    ],
  );
});

test("after a resync the deadlines that are there are looked for anew", async () => {
  const { store, deadlines, observers } = createMedium();
  const { seen } = await watching(store);
  assert.equal(vi.getTimerCount(), 0);
  // It was missed that another context wrote this.
  deadlines.set("key", Date.now() + 200);
  for (const observer of observers) observer.resync();
  await pass(300);
  assert.deepEqual(seen, ["resync", "expire key"]);
});

for (const name of ["soonest", "sweep"]) {
  test(`a medium whose ${name} fails is asked again a second later, and then all is reported`, async () => {
    const { store, before, asked } = createMedium();
    const { seen } = await watching(store);
    before[name] = () => Promise.reject(new Error("The medium is away"));
    await store.set("key", value, { ttl: 200 });
    await pass(500);
    asked.length = 0;
    await pass(3000);
    assert.equal(asked.filter((each) => each === name).length, 3);
    delete before[name];
    await pass(1000);
    assert.deepEqual(seen, ["set key", "expire key"]);
    assert.equal(vi.getTimerCount(), 0);
  });
}

test("a medium that does not say when the next is due is swept often while there is a watch", async () => {
  const { store, asked } = createMedium(["soonest"]);
  await store.set("before", value, { ttl: 1 });
  await pass(1);
  const { seen, end } = await watching(store);
  await store.set("key", value, { ttl: 200 });
  await pass(300);
  assert.deepEqual(seen, ["set key", "expire key"]);
  await end();
  asked.length = 0;
  await pass(1000);
  assert.deepEqual(asked, []);
});

test("a store that is closed in the middle of a look asks its medium for nothing more", async () => {
  const { store, before, asked, deadlines } = createMedium();
  await watching(store);
  await store.set("key", value, { ttl: 60 });
  let answer = (): void => {};
  before.soonest = () => new Promise<void>((resolve) => (answer = resolve));
  await pass(100);
  deadlines.set("key", 0);
  const closing = store.close();
  answer();
  await closing;
  await pass(5000);
  assert.equal(asked.at(-1), "close");
  assert.equal(vi.getTimerCount(), 0);
});

test("a store that is closed while a watch begins asks its medium for nothing more", async () => {
  const { store, before, asked } = createMedium();
  let answer = (): void => {};
  before.soonest = () => new Promise<void>((resolve) => (answer = resolve));
  const step = store.watch({ unref: true }).next();
  await pass(0);
  const closing = store.close();
  answer();
  await closing;
  await pass(5000);
  assert.deepEqual(await step, { done: true, value: undefined });
  assert.deepEqual(asked, ["watch", "soonest", "close"]);
});

test("a watch that the medium refuses leaves no timer", async () => {
  const { store, before } = createMedium();
  await store.set("key", value, { ttl: 200 });
  const refused = new Error("Refused");
  before.watch = () => Promise.reject(refused);
  await assert.rejects(store.watch({ unref: true }).next(), (error) => error === refused);
  await pass(0);
  assert.equal(vi.getTimerCount(), 0);
});

test("the timer does not keep the process", async () => {
  const timers: { hasRef(): boolean }[] = [];
  const { setTimeout } = globalThis;
  vi.stubGlobal("setTimeout", (work: () => void, ms: number) => {
    const timer = setTimeout(work, ms) as never;
    timers.push(timer);
    return timer;
  });
  const store = memory({ sweepInterval: Infinity });
  await store.set("key", value, { ttl: 3_600_000 });
  const changes = store.watch({ unref: true });
  await store.findMany([]);
  await pass(0);
  vi.unstubAllGlobals();
  assert.ok(timers.length);
  assert.deepEqual(timers.map((timer) => timer.hasRef()), timers.map(() => false)); // prettier-ignore
  await changes.return!();
  await store.close();
});
