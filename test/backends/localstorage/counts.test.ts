// What calls cost, counted in what is asked of the Storage, the locks and the channel: that does not depend on the machine.
import assert from "node:assert/strict";
import { test, type TestContext, vi } from "vitest";
import { json, localstorage, type Store } from "../../../src/index.ts";
import { TextStorage } from "../../support/textStorage.ts";

const value = new TextEncoder().encode("value");
const keysOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `key ${index}`);

/** Of all tests, since the locks are: who gets one waits for what those told who had it before. */
const shared = new TextStorage();

/** By then a lock that nobody needs is given back. */
const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** What was asked for, by the names of the methods. */
type Counts = Record<"getItem" | "setItem" | "lock" | "mark" | "query" | "post", number>;

/** Makes a Storage the localStorage of a test whose clock goes on by so much with each look at it, and counts what is asked for. */
function counting(t: TestContext, { tick = 0 } = {}): Counts {
  const counts: Counts = { getItem: 0, setItem: 0, lock: 0, mark: 0, query: 0, post: 0 };
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: () => shared });
  t.onTestFinished(() => {
    vi.restoreAllMocks();
    if (before) Object.defineProperty(globalThis, "localStorage", before);
    else Reflect.deleteProperty(globalThis, "localStorage");
  });
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += tick));
  const spy = <T extends object>(target: T, name: keyof T & string, count: (args: unknown[]) => keyof Counts): void => {
    const original = target[name] as (...args: unknown[]) => unknown;
    vi.spyOn(target as Record<string, () => unknown>, name).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      counts[count(args)]++;
      return original.apply(this, args);
    });
  };
  spy(shared, "getItem", () => "getItem");
  spy(shared, "setItem", () => "setItem");
  spy(navigator.locks, "request", ([name]) => (String(name).endsWith("localstorage") ? "lock" : "mark"));
  spy(navigator.locks, "query", () => "query");
  spy(BroadcastChannel.prototype, "postMessage", () => "post");
  return counts;
}

async function withStore(
  t: TestContext,
  options: { tick?: number },
  work: (store: Store, counts: Counts) => Promise<void>,
): Promise<void> {
  const counts = counting(t, options);
  const store = localstorage({ sweepInterval: Infinity });
  try {
    // The first call takes room for the number.
    await store.set("first", value);
    await nextTask();
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] = 0;
    await work(store, counts);
  } finally {
    await store.close();
  }
}

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
      // With the number, of which the lock's two looks are.
      assert.deepEqual([counts.getItem, counts.setItem], [2, 101]);
      for (const key of keysOf(100)) assert.deepEqual(await view.get(key), { key });
      assert.deepEqual([counts.getItem, counts.setItem], [102, 101]);
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
    // The number is looked at when the lock is there, and when the next is made.
    const once = { getItem: 2, lock: 1, mark: 1, query: 1, post: 1 };
    assert.deepEqual(counts, { ...once, setItem: 1001 });
    await nextTask();
    await Promise.all(keysOf(1000).map((key) => store.set(key, value)));
    await nextTask();
    assert.deepEqual(counts, { getItem: 4, lock: 2, mark: 2, query: 2, post: 2, setItem: 2002 });
  }));

test("who goes on while the lock is there is not kept waiting", (t) =>
  withStore(t, {}, async (store) => {
    await store.set("a", value);
    const setting = store.set("b", value);
    assert.ok(shared.items.has("shelflife:b"));
    await setting;
  }));

test("who writes for long keeps the lock, tells of it now and then, and lets the page do something else", (t) =>
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

for (const isSeen of [true, false]) {
  const most = isSeen ? 1000 : 8000;
  test(`who writes for long lets another tab write ${isSeen ? "soon" : "at last, even if it is not seen to wait"}`, (t) =>
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

/** Counts until it is told to stop, one call after the other. */
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

/** Resolves when no more is counted. */
async function halted(counted: readonly number[]): Promise<void> {
  for (let seen = -1, looks = 0; seen !== counted.length; looks++) {
    assert.ok(looks < 20, "it is still counted");
    seen = counted.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("what a tab that went away wrote is waited for, even if it is told when the lock is there already", (t) =>
  withStore(t, { tick: 0.1 }, async (store, counts) => {
    const { counted, stop } = startCounting(store);
    const number = Date.now() + 1_000_000;
    const channel = new BroadcastChannel("shelflife:localstorage");
    channel.postMessage([{ type: "set", key: "shelflife:count", number }]);
    await halted(counted);
    assert.equal(counts.lock, 1);
    const before = counted.length;
    shared.items.set("shelflife:count", "t,4,5000");
    shared.items.set("~shelflife", `${number}`);
    for (let tasks = 0; counted.length === before && tasks < 1000; tasks++) await nextTask();
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
    for (let tasks = 0; counted.length < before + 100 && tasks < 1000; tasks++) await nextTask();
    await stop();
    assert.ok(counted.length >= before + 100);
  }));
