import assert from "node:assert/strict";
import { test, type TestContext, vi } from "vitest";
import { cached, createStore, isStoreError, json, memory, prefix, StoreError } from "../../src/index.ts";
import type { Backend, Change, Store } from "../../src/index.ts";
import { createClock } from "../../src/testing.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);
const maxBytes = 1000;

/** A store below a view: what reaches it is counted, and what it answers can be kept back. */
interface Below {
  readonly store: Store;
  /** The keys whose entries were asked for. */
  readonly asked: string[];
  /** Keeps back the answers of entries from now on, and returns how to let them go. */
  keepBack(): () => void;
}

function below(inner: Store = memory()): Below {
  const asked: string[] = [];
  let gate: Promise<void> | undefined;
  const store: Store = {
    ...inner,
    async entry(key, options) {
      asked.push(key);
      const found = await inner.entry(key, options);
      await gate;
      return found;
    },
  };
  return {
    store,
    asked,
    keepBack() {
      let open = (): void => {};
      gate = new Promise<void>((resolve) => (open = resolve));
      return () => {
        gate = undefined;
        open();
      };
    },
  };
}

/** Lets what is under way in this process come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A view with one key in memory, so that its watch has begun. */
async function warm(context: TestContext, inner?: Store): Promise<Below & { view: Store }> {
  const under = below(inner);
  const view = cached(under.store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", bytes("old"));
  await view.find("key");
  await settled();
  assert.equal(text(await view.find("key")), "old");
  assert.equal(text(await view.find("key")), "old");
  under.asked.length = 0;
  return { ...under, view };
}

test("options are checked", () => {
  const store = memory();
  for (const bad of [0, -1, 1.5, Number.NaN, Infinity, "5", undefined]) {
    assert.throws(
      () => cached(store, { maxBytes: bad as number }),
      (error) => isStoreError(error, "invalid-argument") && /maxBytes/.test(error.message),
    );
  }
  assert.throws(
    () => cached(store, { maxBytes, now: 5 as never }),
    (error) => isStoreError(error, "invalid-argument"),
  );
});

test("what was read is read from memory, by every call that reads, and never aliased", async (context) => {
  const { view, store, asked } = await warm(context);
  // Past the view, and told to nobody.
  const { get, find, has, findMany } = store;
  Object.assign(store, { get: fail, find: fail, has: fail, findMany: fail });
  function fail(): never {
    throw new Error("The store was asked");
  }
  (await view.get("key")).fill(0);
  (await view.find("key"))!.fill(0);
  (await view.entry("key"))!.value.fill(0);
  (await view.findMany(["key"]))[0]!.fill(0);
  assert.deepEqual(await view.entry("key"), { value: bytes("old"), expiresAt: Infinity });
  assert.deepEqual((await view.findMany(["key", "key"])).map(text), ["old", "old"]);
  assert.deepEqual([text(await view.get("key", {})), text(await view.find("key", {}))], ["old", "old"]);
  assert.deepEqual([await view.has("key"), asked], [true, []]);
  Object.assign(store, { get, find, has, findMany });
});

test("a hit with an aborted signal, or with no options, rejects as ever", async (context) => {
  const { view } = await warm(context);
  const reason = new Error("enough");
  for (const name of ["get", "find", "has", "entry"] as const) {
    await assert.rejects(view[name]("key", { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(view[name]("key", null as never), (error) => isStoreError(error, "invalid-argument"));
  }
  await assert.rejects(view.findMany([], { signal: AbortSignal.abort(reason) }), reason);
});

test("concurrent reads of one key share one, each with its own bytes and signal", async (context) => {
  const under = below();
  const view = cached(under.store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", bytes("x"));
  for (const state of ["before the watch", "while it is there"]) {
    under.asked.length = 0;
    const release = under.keepBack();
    const controller = new AbortController();
    const reason = new Error("enough");
    const reads = [view.find("key"), view.find("key", { signal: controller.signal }), view.get("key")];
    const [first, second, third] = [...reads, view.find("key")];
    controller.abort(reason);
    await assert.rejects(second!, reason);
    release();
    (await first)!.fill(0);
    assert.equal(text(await third), "x", state);
    assert.deepEqual(under.asked, ["key"], state);
    await Promise.all(reads.map((read) => read.catch(() => {})));
    await view.set("key", bytes("x"));
    await settled();
  }
});

test("a read that fails is told to all who wait for it, and not kept", async (context) => {
  const { view, store } = await warm(context);
  const { entry } = store;
  const error = new StoreError("unavailable", "Cannot reach it");
  store.entry = () => Promise.reject(error);
  const results = await Promise.allSettled([view.get("other"), view.find("other"), view.findMany(["key", "other"])]);
  assert.deepEqual(
    results.map((result) => result.status === "rejected" && result.reason === error),
    [true, true, true],
  );
  store.entry = entry;
  assert.equal(await view.find("other"), undefined);
});

test("a value is not returned in the millisecond of its deadline, and then removed by the store", async (context) => {
  const clock = createClock();
  const inner = memory({ now: clock.now });
  const view = cached(inner, { maxBytes, now: clock.now });
  context.onTestFinished(() => view.close());
  await view.set("key", bytes("x"), { ttl: 10 });
  await view.find("key");
  await view.find("key");
  const watch = inner.watch();
  clock.advance(9);
  assert.equal(text(await view.find("key")), "x");
  clock.advance(1);
  for (const read of [view.find("key"), view.has("key").then((has) => has || undefined), view.entry("key")])
    assert.equal(await read, undefined);
  await assert.rejects(view.get("key"), (error) => isStoreError(error, "not-found") && error.key === "key");
  assert.deepEqual((await watch.next()).value, { type: "expire", key: "key" });
  await watch.return!();
});

test("a miss is not held", async (context) => {
  const { view, store, asked } = await warm(context);
  assert.equal(await view.find("none"), undefined);
  assert.equal(await view.find("none"), undefined);
  assert.deepEqual(asked, ["none", "none"]);
  await store.set("none", bytes("x"));
  assert.equal(text(await view.find("none")), "x");
});

const writes: Record<string, (store: Store) => Promise<unknown>> = {
  set: (store) => store.set("key", bytes("new")),
  setMany: (store) => store.setMany([["other", bytes("x")], ["key", bytes("new")]]), // prettier-ignore
  "setMany of a generator": (store) =>
    store.setMany(
      (function* () {
        yield ["key", bytes("new")] as const;
      })(),
    ),
  delete: (store) => store.delete("key"),
  deleteMany: (store) => store.deleteMany(new Set(["none", "key"])),
  clear: (store) => store.clear(),
  "clear of a prefix": (store) => store.clear({ prefix: "ke" }),
  compareAndSet: (store) => store.compareAndSet("key", bytes("old"), bytes("new")),
  "setIfAbsent after a delete": async (store) => {
    await store.delete("key");
    await store.setIfAbsent("key", bytes("new"));
  },
  take: (store) => store.take("key"),
  update: (store) => store.update("key", () => bytes("new")),
  "increment after a delete": async (store) => {
    await store.delete("key");
    await store.increment("key");
  },
  touch: (store) => store.touch("key", { ttl: 1000 }),
};

/** A store whose watch is there and tells nothing, so that only the view's own care is seen. */
function silent(inner: Store): Store {
  const never: AsyncIterableIterator<Change> = {
    [Symbol.asyncIterator]: () => never,
    next: () => new Promise(() => {}),
  };
  return { ...inner, watch: () => never };
}

for (const [name, write] of Object.entries(writes)) {
  test(`after its own ${name} a view reads what the store has, with no event told`, async (context) => {
    const inner = silent(memory());
    const { view } = await warm(context, inner);
    await write(view);
    assert.deepEqual(await view.entry("key"), await inner.entry("key"));
    assert.notDeepEqual(await inner.entry("key"), { value: bytes("old"), expiresAt: Infinity });
  });

  test(`a read that is under way while its own ${name} passes is not held`, async (context) => {
    const inner = silent(memory());
    const { view, keepBack } = await warm(context, inner);
    await view.set("key", bytes("old"));
    const release = keepBack();
    const late = view.find("key");
    await settled();
    await write(view);
    release();
    assert.equal(text(await late), "old");
    assert.deepEqual(await view.entry("key"), await inner.entry("key"));
  });

  test(`a read that is begun during its own ${name}, and answered before, is not held`, async (context) => {
    const inner = silent(memory());
    const slow: Store = { ...inner };
    let finish = (): void => {};
    const gate = new Promise<void>((resolve) => (finish = resolve));
    for (const [method, call] of Object.entries(inner)) {
      if (/^(get|find|has|entry|findMany|watch|isPersistent|close)$/.test(method)) continue;
      Object.assign(slow, {
        async [method](...args: unknown[]) {
          if (isSlow) await gate;
          return (call as (...args: unknown[]) => unknown)(...args);
        },
      });
    }
    let isSlow = false;
    const { view } = await warm(context, slow);
    isSlow = true;
    const writing = write(view);
    assert.equal(text(await view.find("key")), "old");
    finish();
    await writing;
    assert.deepEqual(await view.entry("key"), await inner.entry("key"));
  });

  test(`after somebody else's ${name} a view reads it, once it is told`, async (context) => {
    const { view, store } = await warm(context);
    await write(store);
    await settled();
    assert.deepEqual(await view.entry("key"), await store.entry("key"));
  });

  test(`a read that is under way while somebody else's ${name} is told is not held`, async (context) => {
    const { view, store, keepBack } = await warm(context);
    await view.set("key", bytes("old"));
    await settled();
    const release = keepBack();
    const late = view.find("key");
    await settled();
    await write(store);
    await settled();
    // Whoever asks from now on does not share the old read.
    const fresh = view.find("key");
    release();
    assert.equal(text(await late), "old");
    assert.deepEqual(await fresh, await store.find("key"));
    assert.deepEqual(await view.entry("key"), await store.entry("key"));
  });
}

test("a set that is not awaited is seen by the reads after it", async (context) => {
  const { view } = await warm(context);
  for (let round = 0; round < 100; round++) {
    const writing = view.set("key", bytes(`${round}`));
    assert.equal(text(await view.find("key")), `${round}`);
    await writing;
    assert.equal(text(await view.find("key")), `${round}`);
  }
});

test("who reads on being told gets what he was told of", async (context) => {
  const { view, store } = await warm(context);
  const watch = view.watch();
  await view.find("key");
  for (let round = 0; round < 200; round++) {
    await view.find("key");
    const told = watch.next();
    void store.set("key", bytes(`${round}`));
    assert.equal((await told).value.key, "key");
    assert.equal(text(await view.find("key")), `${round}`);
  }
  await watch.return!();
});

test("who is told before the view's own watch is, reads what he was told of all the same", async (context) => {
  const inner = memory();
  let isFirst = true;
  const store: Store = {
    ...inner,
    watch(options) {
      // The view's own.
      if (!isFirst) return inner.watch(options);
      isFirst = false;
      return silent(inner).watch(options);
    },
  };
  const { view } = await warm(context, store);
  const watch = view.watch();
  await store.set("key", bytes("new"));
  assert.equal((await watch.next()).value.key, "key");
  assert.equal(text(await view.find("key")), "new");
  await watch.return!();
});

test("it holds no more than it may, and keeps what is used", async (context) => {
  const inner = below();
  const view = cached(inner.store, { maxBytes: 100 });
  context.onTestFinished(() => view.close());
  await view.find("none");
  for (const key of ["a", "b", "c"]) await view.set(key, new Uint8Array(30));
  await settled();
  const readAll = async (...keys: string[]): Promise<string[]> => {
    inner.asked.length = 0;
    for (const key of keys) await view.find(key);
    return [...inner.asked];
  };
  assert.deepEqual(await readAll("a", "b", "c"), ["a", "b", "c"]);
  assert.deepEqual(await readAll("a", "b", "c"), []);
  // Four of 32 bytes are too many. SIEVE passes those that were used, once.
  await view.set("d", new Uint8Array(30));
  await settled();
  await readAll("d", "b", "c");
  assert.deepEqual(await readAll("b", "c", "d"), []);
  assert.deepEqual(await readAll("a"), ["a"]);
  // Only what is used again and again is passed by again.
  await view.find("c");
  await readAll("a", "b");
  assert.deepEqual(await readAll("c"), []);
  // What could never fit puts nothing out.
  await view.set("e", new Uint8Array(99));
  await settled();
  assert.deepEqual(await readAll("e", "e"), ["e", "e"]);
  // Two bytes for each unit of a key.
  const long = "k".repeat(50);
  await view.set(long, new Uint8Array(1));
  await settled();
  assert.deepEqual(await readAll(long, long), [long, long]);
});

test("a value that is replaced counts once", async (context) => {
  const inner = below();
  const view = cached(inner.store, { maxBytes: 100 });
  context.onTestFinished(() => view.close());
  await view.set("kept", new Uint8Array(40));
  for (let round = 0; round < 50; round++) {
    await view.set("key", new Uint8Array(40));
    await settled();
    await view.findMany(["kept", "key"]);
    await view.findMany(["kept", "key"]);
  }
  inner.asked.length = 0;
  await view.findMany(["kept", "key"]);
  assert.deepEqual(inner.asked, []);
});

test("what was read before the watch had begun is not held", async (context) => {
  const { store, asked } = below();
  const view = cached(store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", bytes("x"));
  for (let round = 0; round < 3; round++) await view.find("key");
  assert.deepEqual(asked, ["key", "key"]);
});

test("the first read waits for no watch", async (context) => {
  const inner = memory();
  await inner.set("key", bytes("x"));
  // As over a connection that is slow to open a stream.
  const store: Store = {
    ...inner,
    watch() {
      Object.assign(store, { entry: () => new Promise(() => {}) });
      return silent(inner).watch();
    },
  };
  const view = cached(store, { maxBytes });
  context.onTestFinished(() => view.close());
  assert.equal(text(await view.find("key")), "x");
});

/** A backend that does the least, and no watch. */
function least(more: Partial<Backend> = {}): Backend {
  const entries = new Map();
  return {
    get: (key) => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => entries.delete(key),
    isPersistent: () => false,
    ...more,
  };
}

test("where changes are not told nothing is held, and the watch is tried at ever longer intervals", async (context) => {
  context.onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  let watches = 0;
  let isThere = false;
  let end = (): void => {};
  let tell: (change: Change) => void = () => {};
  const store = createStore(
    least({
      watch(_, { changed, failed }) {
        watches++;
        if (!isThere) throw new StoreError("unsupported", "Cannot do this");
        tell = changed;
        end = () => failed(new StoreError("unavailable", "It broke"));
        return () => {};
      },
    }),
  );
  const under = below(store);
  const view = cached(under.store, { maxBytes });
  context.onTestFinished(() => view.close());
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const asks = async (): Promise<number> => {
    under.asked.length = 0;
    for (let count = 0; count < 10; count++) {
      await view.find("key");
      await turn();
    }
    return under.asked.length;
  };
  await view.set("key", bytes("old"));
  assert.deepEqual([await asks(), watches], [10, 1]);
  for (const delay of [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]) {
    const before = watches;
    vi.advanceTimersByTime(delay - 1);
    assert.deepEqual([await asks(), watches], [10, before], `${delay} ms`);
    vi.advanceTimersByTime(1);
    assert.deepEqual([await asks(), watches], [10, before + 1], `${delay} ms`);
  }
  isThere = true;
  vi.advanceTimersByTime(60_000);
  await asks();
  assert.equal(await asks(), 0);
  // Written by somebody of whom nobody tells any more.
  end();
  await turn();
  await store.set("key", bytes("new"));
  assert.equal(text(await view.find("key")), "new");
  assert.equal(await asks(), 10);
  // After a rest that is as short as the first only if the watch told something.
  for (const delay of [60_000, 100]) {
    vi.advanceTimersByTime(delay - 1);
    assert.equal(await asks(), 10);
    vi.advanceTimersByTime(1);
    await asks();
    assert.equal(await asks(), 0);
    tell({ type: "set", key: "other" });
    await turn();
    end();
    await turn();
  }
  const before = watches;
  await view.close();
  vi.advanceTimersByTime(100);
  await assert.rejects(view.find("key"), (error) => isStoreError(error, "closed"));
  assert.equal(watches, before);
});

test("a read that is under way when the watch breaks is not held", async (context) => {
  let end = (): void => {};
  const store = createStore(
    least({
      watch(_, { failed }) {
        end = () => failed(new StoreError("unavailable", "It broke"));
        return () => {};
      },
    }),
  );
  const { view, keepBack } = await warm(context, store);
  await view.set("key", bytes("old"));
  const release = keepBack();
  const late = view.find("key");
  await settled();
  end();
  await settled();
  await store.set("key", bytes("new"));
  release();
  assert.equal(text(await late), "old");
  assert.equal(text(await view.find("key")), "new");
});

test("a closed view has ended its watch, and returns nothing that it held", async () => {
  for (const how of ["close", "dispose", "the store's close"]) {
    let stops = 0;
    const store = createStore(least({ watch: () => () => void stops++ }));
    const view = cached(store, { maxBytes });
    await view.set("key", bytes("x"));
    await view.find("key");
    await view.find("key");
    if (how === "close") {
      const closing = view.close();
      await assert.rejects(view.find("key"), (error) => isStoreError(error, "closed"));
      await closing;
    } else if (how === "dispose") await view[Symbol.asyncDispose]?.();
    else await store.close();
    await settled();
    assert.equal(stops, 1, how);
    for (const name of ["get", "find", "has", "entry"] as const)
      await assert.rejects(view[name]("key"), (error) => isStoreError(error, "closed"));
    await assert.rejects(view.findMany([]), (error) => isStoreError(error, "closed"));
    await view.close();
  }
});

test("a read that a close overtakes is not held", async () => {
  const { store, keepBack } = below();
  const view = cached(store, { maxBytes });
  await view.set("key", bytes("x"));
  await view.find("key");
  await view.set("key", bytes("y"));
  const release = keepBack();
  const late = view.find("key");
  await view.close();
  release();
  assert.equal(text(await late), "y");
  await assert.rejects(view.find("key"), (error) => isStoreError(error, "closed"));
});

test("values that are no bytes are read from the store, each the caller's own", async (context) => {
  const store = json<{ list: number[] }>(memory());
  const view = cached(store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", { list: [1] });
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all([view.get("key"), view.get("key"), view.find("key")]);
    all[0].list.push(2);
    assert.deepEqual(all.slice(1), [{ list: [1] }, { list: [1] }]);
  }
});

test("views over it and under it see their own keys", async (context) => {
  const store = memory();
  const over = json<number>(prefix(cached(store, { maxBytes }), "a/"));
  const under = prefix(cached(prefix(store, "a/"), { maxBytes }), "b/");
  context.onTestFinished(() => over.close());
  await over.set("b/n", 1);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual([await over.get("b/n"), text(await under.get("n"))], [1, "1"]);
    await settled();
  }
  await under.set("n", bytes("2"));
  await settled();
  assert.equal(await over.get("b/n"), 2);
});

test("a hit asks the clock only for a value with a deadline, and no watch is begun by a write", async (context) => {
  let asked = 0;
  let watches = 0;
  const inner = memory();
  const store: Store = {
    ...inner,
    watch(options) {
      watches++;
      return inner.watch(options);
    },
  };
  const now = (): number => ++asked && Date.now();
  const view = cached(store, { maxBytes, now });
  context.onTestFinished(() => view.close());
  await view.set("key", bytes("x"));
  assert.equal(watches, 0);
  for (let round = 0; round < 100; round++) await view.find("key");
  assert.deepEqual([asked, watches], [0, 1]);
});
