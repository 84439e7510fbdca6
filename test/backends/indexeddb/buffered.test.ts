// Over a backend whose commits a test lets happen or fail one by one, and over fake-indexeddb. What browsers do to a page that is
// hidden or left is proven in e2e.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test, type TestContext, vi } from "vitest";
import { createCompleteStore } from "../../../src/core/createCompleteStore.ts";
import { indexeddb, isStoreError, open, StoreError } from "../../../src/index.ts";
import type { Change, Decision, Entry, CompleteBackend, Observer, Store } from "../../../src/index.ts";
import { createClock } from "../../../src/testing.ts";
import { buffered } from "../../../src/backends/indexeddb/buffered.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);
/** Lets what is under way in this process come to its end. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A medium that does one thing after the other, and a write only when it is told to. */
interface Medium {
  readonly backend: CompleteBackend;
  readonly entries: Map<string, Entry>;
  /** What was asked of it, in order. */
  readonly log: string[];
  /** Commits what is under way, or fails it. */
  commit(error?: unknown): Promise<void>;
  /** Commits from now on by itself. */
  free(): Promise<void>;
}

function medium(): Medium {
  const entries = new Map<string, Entry>();
  const log: string[] = [];
  const observers = new Set<Observer>();
  const gates: ((error?: unknown) => void)[] = [];
  let isFree = false;
  let last: Promise<unknown> = Promise.resolve();
  const isLive = (entry: Entry | undefined, now: number): boolean => !!entry && entry.expiresAt > now;

  function inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  /** A write, which waits for its commit. */
  function write<R>(name: string, work: () => R): Promise<R> {
    log.push(name);
    const gate = isFree ? undefined : new Promise<unknown>((resolve) => gates.push(resolve));
    return inTurn(async () => {
      const error = await gate;
      if (error) throw error;
      return work();
    });
  }

  function put(items: readonly (readonly [string, Entry | undefined])[]): void {
    for (const [key, entry] of items) {
      if (entry) entries.set(key, entry);
      else entries.delete(key);
      for (const { changed } of observers) changed({ type: entry ? "set" : "delete", key });
    }
  }

  const backend: CompleteBackend = {
    // What it is asked for is not changed here.
    returnsCopies: true,
    isPersistent: () => false,
    get: (key) => (log.push(`get ${key}`), inTurn(() => entries.get(key))),
    getMany: (keys) => (log.push(`getMany ${keys.join()}`), inTurn(() => keys.map((key) => entries.get(key)))),
    set: (key, entry, { signal }) => write(`set ${key}${signal ? " with a signal" : ""}`, () => put([[key, entry]])),
    setMany: (items, { signal, isLast }) =>
      write(
        `setMany ${items.map(([key]) => key).join()}${signal ? " with a signal" : ""}${isLast ? ", the last" : ""}`,
        () => put(items),
      ),
    delete: (key, { now }) =>
      write(`delete ${key}`, () => {
        const wasLive = isLive(entries.get(key), now());
        put([[key, undefined]]);
        return wasLive;
      }),
    deleteMany: (keys) =>
      write(`deleteMany ${keys.join()}`, () => {
        put(keys.map((key) => [key, undefined]));
        return keys.length;
      }),
    mutate: (key, decide: Decision) =>
      write(`mutate ${key}`, () => {
        const next = decide(entries.get(key));
        if (typeof next !== "symbol") put([[key, next]]);
      }),
    list: () => {
      log.push("list");
      return inTurn(() => ({ entries: [...entries].map(([key, { expiresAt }]) => ({ key, expiresAt })) }));
    },
    clear: () => write("clear", () => put([...entries.keys()].map((key) => [key, undefined]))),
    sweep: () => write("sweep", () => 0),
    watch(_, observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    close: () => void log.push("close"),
  };
  const commit = async (error?: unknown): Promise<void> => {
    await turn();
    for (const gate of gates.splice(0)) gate(error);
    await turn();
  };
  return {
    backend,
    entries,
    log,
    commit,
    async free() {
      isFree = true;
      await commit();
    },
  };
}

/** A buffered store on such a medium, whose timers run when they are told to. */
function fresh(
  context: TestContext,
  onError?: (error: StoreError) => void,
): Medium & { store: Store; tick(ms: number): void; clock: ReturnType<typeof createClock> } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  context.onTestFinished(() => void vi.useRealTimers());
  const under = medium();
  const clock = createClock();
  const store = createCompleteStore(buffered(under.backend, { onError }), { now: clock.now, sweepInterval: Infinity });
  context.onTestFinished(async () => {
    const closing = store.close().catch(() => {});
    await under.free();
    await closing;
  });
  return { ...under, store, clock, tick: (ms) => vi.advanceTimersByTime(ms) };
}

const full = (key?: string): StoreError => new StoreError("quota-exceeded", "Cannot store it", { key });

test("a set resolves before it is given to the medium, which gets it within 10 ms", async (context) => {
  const { store, log, entries, commit, tick } = fresh(context);
  await store.set("a", bytes("1"));
  await store.set("b", bytes("2"));
  tick(9);
  assert.deepEqual(log, []);
  tick(1);
  assert.deepEqual(log, ["set a", "set b"]);
  assert.equal(entries.size, 0);
  await commit();
  assert.deepEqual([...entries.keys()], ["a", "b"]);
});

test("the last of several sets of one key is written, once", async (context) => {
  const { store, log, entries, commit, tick } = fresh(context);
  for (let count = 0; count < 100; count++) await store.set("a", bytes(`${count}`), { ttl: 1000 + count });
  await store.set("b", bytes("x"));
  tick(10);
  assert.deepEqual(log, ["set a", "set b"]);
  await commit();
  assert.equal(text(entries.get("a")?.value), "99");
});

test("every read sees what is not committed, each its own bytes, until the millisecond of the deadline", async (context) => {
  const { store, log, clock, tick, free } = fresh(context);
  const mine = bytes("x");
  await store.set("a", mine, { ttl: 10 });
  mine.fill(0);
  for (const state of ["waiting", "under way"]) {
    (await store.get("a")).fill(0);
    (await store.find("a"))!.fill(0);
    (await store.entry("a"))!.value.fill(0);
    (await store.findMany(["a"]))[0]!.fill(0);
    assert.equal(text(await store.find("a")), "x", state);
    assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 10, state);
    assert.equal(await store.has("a"), true, state);
    tick(10);
  }
  assert.deepEqual(log, ["set a"]);
  clock.advance(9);
  assert.equal(await store.has("a"), true);
  clock.advance(1);
  assert.equal(await store.has("a"), false);
  await free();
  assert.equal(await store.find("a"), undefined);
});

test("many are read at once, from where each of them is", async (context) => {
  const { store, free, tick } = fresh(context);
  await store.set("a", bytes("1"));
  await store.set("b", bytes("1"));
  await free();
  tick(10);
  await store.flush();
  await store.set("b", bytes("2"));
  assert.deepEqual((await store.findMany(["b", "none", "a", "b"])).map(text), ["2", undefined, "1", "2"]);
});

test("a write that was replaced while it was under way is not what is read", async (context) => {
  const { store, entries, commit, tick } = fresh(context);
  await store.set("a", bytes("1"));
  tick(10);
  await store.set("a", bytes("2"));
  await commit();
  assert.equal(text(entries.get("a")?.value), "1");
  assert.equal(text(await store.find("a")), "2");
  tick(10);
  await commit();
  assert.equal(text(entries.get("a")?.value), "2");
});

test("setMany is given to the medium at once and as one, after what waits", async (context) => {
  const { store, log } = fresh(context);
  await store.set("a", bytes("1"));
  await store.setMany([["b", bytes("2")], ["a", bytes("3")]]); // prettier-ignore
  assert.deepEqual(log, ["set a", "setMany b,a"]);
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["3", "2"]);
});

const others: Record<string, (store: Store) => Promise<unknown>> = {
  "delete a": (store) => store.delete("a"),
  "deleteMany a": (store) => store.deleteMany(["a"]),
  "mutate a": (store) => store.take("a"),
  list: (store) => store.list(),
  clear: (store) => store.clear(),
  sweep: (store) => store.sweep(),
};

for (const [name, call] of Object.entries(others)) {
  test(`what was written before goes before, and is not read after: ${name}`, async (context) => {
    const { store, log, free } = fresh(context);
    await store.set("a", bytes("1"));
    await store.set("b", bytes("2"));
    const calling = call(store);
    const reading = store.find("a");
    await store.set("c", bytes("3"));
    assert.deepEqual(log, ["set a", "set b", name, "get a"]);
    await free();
    await calling;
    const isKept = name === "list" || name === "sweep";
    assert.equal(text(await reading), isKept ? "1" : undefined);
    assert.equal(text(await store.find("c")), "3");
  });
}

test("with 1,000 writes or 4 MiB not committed, a set waits for that", async (context) => {
  for (const size of [1, 1 << 20]) {
    const { store, log, entries, commit, free } = fresh(context);
    const most = size === 1 ? 1000 : 4;
    for (let index = 1; index < most; index++) await store.set(`${index}`, new Uint8Array(size));
    assert.deepEqual(log, []);
    let isDone = false;
    const waiting = [store.set("last", new Uint8Array(size)), store.set("more", new Uint8Array(size))];
    for (const each of waiting) void each.then(() => (isDone = true));
    await turn();
    assert.deepEqual([log.length, isDone], [most + 1, false]);
    await commit();
    await Promise.all(waiting);
    assert.equal(entries.size, most + 1);
    // There is room again, for just as many.
    for (let index = 1; index < most; index++) await store.set(`${index}`, new Uint8Array(size));
    assert.equal(log.length, most + 1);
    const again = store.setMany([["last", new Uint8Array(size)]]);
    isDone = false;
    void again.then(() => (isDone = true));
    await turn();
    assert.equal(isDone, false);
    await free();
    await again;
    vi.useRealTimers();
  }
});

test("sets of one key count once", async (context) => {
  const { store, log } = fresh(context);
  for (let index = 0; index < 20; index++) await store.set("a", new Uint8Array(1 << 20));
  assert.deepEqual(log, []);
});

test("a set with a signal is aborted before it, and no more after it", async (context) => {
  const { store, log, entries, commit, tick } = fresh(context);
  const reason = new Error("enough");
  await assert.rejects(store.set("a", bytes("1"), { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  await store.set("b", bytes("1"), { signal: controller.signal });
  await store.setMany([["c", bytes("1")]], { signal: controller.signal });
  controller.abort(reason);
  tick(10);
  await commit();
  assert.deepEqual(log, ["set b", "setMany c"]);
  assert.deepEqual([...entries.keys()], ["b", "c"]);
});

test("a flush waits for what was written before it, and is over at once when that is nothing", async (context) => {
  const { store, entries, commit } = fresh(context);
  await store.flush();
  await store.set("a", bytes("1"));
  let isDone = false;
  const flushing = store.flush().then(() => (isDone = true));
  await turn();
  assert.equal(isDone, false);
  await commit();
  await flushing;
  assert.equal(entries.size, 1);
  const reason = new Error("enough");
  await assert.rejects(store.flush({ signal: AbortSignal.abort(reason) }), reason);
});

test("changes are told when they are committed, never before", async (context) => {
  const { store, commit, tick } = fresh(context);
  const told: Change[] = [];
  const watch = store.watch();
  const reading = (async () => {
    for await (const change of watch) told.push(change);
  })();
  await store.set("a", bytes("1"));
  tick(10);
  await turn();
  assert.deepEqual(told, []);
  await commit();
  assert.deepEqual(told, [{ type: "set", key: "a" }]);
  await watch.return!();
  await reading;
});

test("a failure is told to onError and to each watch, and then reads tell what the medium has", async (context) => {
  const errors: StoreError[] = [];
  const { store, commit, tick, free } = fresh(context, (error) => errors.push(error));
  await store.set("a", bytes("old"));
  tick(10);
  await commit();
  const watches = [store.watch(), store.watch({ prefix: "b" })].map((watch) => watch.next());
  const ended = store.watch();
  await store.find("a");
  await ended.return!();
  await store.set("a", bytes("new"));
  tick(10);
  assert.equal(text(await store.find("a")), "new");
  const error = full("a");
  const rejected = [...watches, store.flush()].map((each) => assert.rejects(each, error));
  await commit(error);
  await Promise.all(rejected);
  assert.deepEqual(errors, [error]);
  assert.equal(text(await store.find("a")), "old");
  await free();
  await store.flush();
  await store.close();
});

test("without onError a failure is told by the next flush or close, once", async (context) => {
  for (const how of ["flush", "close"] as const) {
    const { store, commit, tick, log } = fresh(context);
    await store.set("a", bytes("1"));
    tick(10);
    const error = full("a");
    await commit(error);
    await assert.rejects(store[how](), error);
    if (how === "flush") {
      await store.flush();
      await store.close();
    }
    assert.equal(log.at(-1), "close");
    vi.useRealTimers();
  }
});

test("a write that fails beside others fails alone", async (context) => {
  const { store, backend, free, tick, entries } = fresh(context, () => {});
  const { set } = backend;
  Object.assign(backend, {
    set: (...args: Parameters<typeof set>) => (args[0] === "b" ? Promise.reject(full("b")) : set(...args)),
  });
  for (const key of ["a", "b", "c"]) await store.set(key, bytes(key));
  tick(10);
  await free();
  assert.deepEqual([...entries.keys()], ["a", "c"]);
});

test("a close commits what waits", async (context) => {
  const { store, entries, free } = fresh(context);
  await store.set("a", bytes("1"));
  const closing = store.close();
  await free();
  await closing;
  assert.equal(entries.size, 1);
});

/** Makes a global of a page, until the test ends. */
function define(context: TestContext, name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  context.onTestFinished(() => void Reflect.deleteProperty(globalThis, name));
}

type Listener = (event: { type: string }) => void;

/** Makes this process a page, until the test ends, to which events happen. */
function page(context: TestContext): {
  listeners: Set<string>;
  document: { hidden: boolean };
  happen(type: string): void;
} {
  const listening = new Map<string, Set<Listener>>();
  const document = { hidden: false };
  const of = (type: string): Set<Listener> => listening.get(type) ?? listening.set(type, new Set()).get(type)!;
  define(context, "addEventListener", (type: string, listener: Listener) => void of(type).add(listener));
  define(context, "removeEventListener", (type: string, listener: Listener) => void of(type).delete(listener));
  define(context, "document", document);
  return {
    /** The types to which anyone listens. */
    get listeners() {
      return new Set([...listening.keys()].filter((type) => of(type).size));
    },
    document,
    happen(type) {
      assert.ok(of(type).size);
      for (const listener of of(type)) listener({ type });
    },
  };
}

test("a page that is hidden gives the medium what waits, as its last, and holds nothing back", async (context) => {
  const visited = page(context);
  const { document, happen } = visited;
  const { store, log, free } = fresh(context);
  for (const type of ["visibilitychange", "pagehide"]) {
    await store.set("a", bytes("1"));
    if (type === "visibilitychange") {
      happen(type);
      assert.deepEqual(log.splice(0), ["set a"]);
    }
    await store.set("b", bytes("1"));
    await store.set("c", bytes("1"));
    happen(type);
    happen(type);
    assert.deepEqual(log.splice(0), [`setMany ${type === "pagehide" ? "a," : ""}b,c, the last`]);
  }
  // Whoever hears of it later, or that the page is hidden now, writes for the last time, too.
  happen("visibilitychange");
  await Promise.all([store.set("e", bytes("1")), store.set("f", bytes("1"))]);
  assert.equal(log.at(-1), "setMany e,f, the last");
  happen("pageshow");
  log.length = 0;
  await Promise.all([store.set("g", bytes("1")), store.set("h", bytes("1"))]);
  assert.deepEqual(log, []);
  document.hidden = true;
  await store.set("d", bytes("1"));
  assert.equal(log.at(-1), "set d");
  await free();
  await store.close();
  assert.deepEqual(visited.listeners, new Set());
});

test("options of IndexedDB are checked, and open takes them", async () => {
  const wrong = { acknowledge: "soon", onError: 5 };
  assert.throws(
    () => indexeddb(wrong as never),
    (error: Error) =>
      isStoreError(error, "bad-config") &&
      /"acknowledge" must be "committed" or "buffered", got "soon"/.test(error.message) &&
      /"onError"/.test(error.message),
  );
  const parameters = { database: "opened", acknowledge: "buffered" as const, onError: () => {} };
  const store = await open({ backend: "indexeddb", parameters });
  await store.set("a", bytes("1"));
  await store.close();
  const again = indexeddb({ database: "opened" });
  assert.equal(text(await again.get("a")), "1");
  await again.close();
});

test("in IndexedDB, what is written in one breath shares a transaction, and a failed one is told with its key", async () => {
  const errors: StoreError[] = [];
  const store = indexeddb({ database: "counted", acknowledge: "buffered", onError: (error) => errors.push(error) });
  await store.find("a");
  const { transaction } = IDBDatabase.prototype;
  const { put } = IDBObjectStore.prototype;
  let count = 0;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
    count++;
    return transaction.apply(this, args);
  };
  try {
    for (let index = 0; index < 500; index++) await store.set(`${index}`, bytes("1"));
    await store.flush();
    assert.equal(count, 1);
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args) {
      if (args[1] === "bad") throw new DOMException("No room", "QuotaExceededError");
      return put.apply(this, args);
    };
    await store.set("good", bytes("1"));
    await store.set("bad", bytes("1"));
    await assert.rejects(store.flush(), (error) => isStoreError(error, "quota-exceeded") && error.key === "bad");
    assert.deepEqual(
      errors.map(({ code, key }) => [code, key]),
      [["quota-exceeded", "bad"]],
    );
    assert.deepEqual([text(await store.find("good")), await store.find("bad")], ["1", undefined]);
    // A connection that the browser closed is opened again.
    let refusals = 1;
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
      if (refusals-- > 0) throw new DOMException("The database connection is closing", "InvalidStateError");
      return transaction.apply(this, args);
    };
    await store.set("again", bytes("1"));
    await store.flush();
  } finally {
    IDBDatabase.prototype.transaction = transaction;
    IDBObjectStore.prototype.put = put;
  }
  await store.close();
});

test("in IndexedDB, a read sees all that a page that is left wrote last, also after a call that reads from the medium", async (context) => {
  const visited = page(context);
  const { happen } = visited;
  const store = indexeddb({ database: "left", acknowledge: "buffered" });
  await store.setMany([
    ["a", bytes("1")],
    ["b", bytes("1")],
  ]);
  await store.flush();
  assert.equal(text(await store.find("b")), "1");
  void store.set("a", bytes("2"));
  void store.set("b", bytes("2"));
  happen("pagehide");
  const updated = store.update("c", () => bytes("2"));
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(async (key) => text(await store.find(key)))), ["2", "2", "2"]);
  await updated;
  await store.close();
  assert.deepEqual(visited.listeners, new Set());
});
