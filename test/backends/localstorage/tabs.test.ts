// How long a tab keeps the lock, and what it waits for, counted in what is asked of the Storage, the locks and the channel.
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { localstorage, type Store } from "../../../src/index.ts";
import { keysOf, nextTask, shared, value, withStore } from "../../support/countStorage.ts";
import { until } from "../../support/until.ts";

test("a writer that goes on while the lock is there is not kept waiting", (t) =>
  withStore(t, {}, async (store) => {
    await store.set("a", value);
    const setting = store.set("b", value);
    assert.ok(shared.items.has("shelflife:b"));
    await setting;
  }));

test("a tab that writes for long keeps the lock, reports it now and then, and lets the page do something else", (t) =>
  withStore(t, { tick: 0.1 }, async (store, counts) => {
    let tasks = 0;
    const timer = setInterval(() => tasks++);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      tasks++;
      channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
    for (const key of keysOf(1000)) await store.set(key, value);
    clearInterval(timer);
    channel.port1.close();
    assert.equal(counts.lock, 1);
    // A slice is a hundred looks at the clock.
    assert.ok(counts.post >= 5 && counts.post <= 100, `${counts.post} messages`);
    assert.equal(counts.setItem, 1000 + counts.post);
    assert.ok(tasks >= 5, `${tasks} tasks`);
  }));

test("a clock that stands still does not keep the page from doing something else", (t) =>
  withStore(t, {}, async (store) => {
    let tasks = 0;
    const timer = setInterval(() => tasks++);
    for (let count = 0; count < 25_000; count++) await store.set("key", value);
    clearInterval(timer);
    assert.ok(tasks > 0);
  }));

for (const isSeen of [true, false]) {
  const most = isSeen ? 1000 : 8000;
  test(`a tab that writes for long lets another tab write ${isSeen ? "soon" : "at last, even if it is not seen to wait"}`, (t) =>
    withStore(t, { tick: 0.1 }, async (store, counts) => {
      if (!isSeen) vi.spyOn(navigator.locks, "query").mockResolvedValue({ held: [], pending: [] });
      const other = localstorage({ sweepInterval: Infinity });
      await store.set("first", value);
      let isWritten = false;
      const writing = other.set("other", value).then(() => (isWritten = true));
      let sets = 0;
      while (!isWritten && sets < 20_000) {
        await store.set("key", value);
        sets++;
      }
      await writing;
      await other.close();
      assert.ok(sets < most, `${sets} sets went before the other's`);
      assert.ok(counts.lock < 20, `${counts.lock} locks`);
    }));
}

test("what is asked for in the midst of an atomic call comes after it, and before what is asked for then", (t) =>
  withStore(t, {}, async (store) => {
    let nested: Promise<void> | undefined;
    // The lock is there by then.
    await store.set("n", Uint8Array.of(1));
    const updating = store.update("n", (current) => {
      nested = store.set("n", Uint8Array.of(9));
      return Uint8Array.of(current![0]! + 1);
    });
    assert.deepEqual(await updating, Uint8Array.of(2));
    await nested;
    assert.deepEqual(await store.get("n"), Uint8Array.of(9));
    const nesting = store.update("n", () => {
      nested = store.set("n", Uint8Array.of(8));
      return Uint8Array.of(3);
    });
    const last = store.set("n", Uint8Array.of(4));
    await Promise.all([nesting, nested, last]);
    assert.deepEqual(await store.get("n"), Uint8Array.of(4));
  }));

/** Counts until it is stopped, one call after the other. */
function startCounting(store: Store): { counted: number[]; stop(): Promise<void> } {
  const counted: number[] = [];
  let isOver = false;
  const counting = (async () => {
    while (!isOver) counted.push(await store.increment("count"));
  })();
  counting.catch(() => {});
  return {
    counted,
    async stop() {
      isOver = true;
      await counting;
    },
  };
}

/** Resolves when in many tasks no more is counted. */
async function halted(counted: readonly number[]): Promise<void> {
  for (let seen = -1, looks = 0; seen !== counted.length; looks++) {
    assert.ok(looks < 20, "it is still counted");
    seen = counted.length;
    for (let task = 0; task < 50; task++) await nextTask();
  }
}

test("what a tab that went away wrote is waited for, even if it is reported when the lock is there already", (t) =>
  withStore(t, { tick: 0.1 }, async (store, counts) => {
    const { counted, stop } = startCounting(store);
    // No round of waiting ends before the test says so.
    let round = new AbortController();
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => (round = new AbortController()).signal);
    const number = Date.now() + 1_000_000;
    const channel = new BroadcastChannel("shelflife:localstorage");
    channel.postMessage([{ type: "set", key: "shelflife:count", number }]);
    await halted(counted);
    assert.equal(counts.lock, 1);
    const before = counted.length;
    shared.items.set("shelflife:count", "t,4,5000");
    shared.items.set("~shelflife", `${number}`);
    round.abort();
    await until(() => counted.length > before);
    assert.equal(counted[before], 5001);
    await stop();
    channel.close();
  }));

test("a page that is left and comes back without its lock waits for it, and no call fails", (t) =>
  withStore(t, { tick: 0.1 }, async (store) => {
    const page = new EventTarget();
    Object.assign(globalThis, {
      addEventListener: page.addEventListener.bind(page),
      removeEventListener: page.removeEventListener.bind(page),
    });
    t.onTestFinished(() =>
      ["addEventListener", "removeEventListener"].forEach((name) => Reflect.deleteProperty(globalThis, name)),
    );
    const { counted, stop } = startCounting(store);
    while (!counted.length) await nextTask();
    let release = (): void => {};
    // In a task in which nothing is counted, the page is left and its lock goes to another.
    page.dispatchEvent(new Event("pagehide"));
    const before = counted.length;
    await new Promise<void>((resolve) => {
      void navigator.locks.request("shelflife:localstorage", { steal: true }, () => {
        resolve();
        return new Promise<void>((given) => (release = given));
      });
    });
    try {
      await halted(counted);
      assert.equal(counted.length, before);
    } finally {
      release();
    }
    await until(() => counted.length >= before + 100);
    await stop();
    assert.ok(counted.length >= before + 100);
  }));
