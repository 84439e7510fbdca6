import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { createStore, isStoreError, prefix, UNCHANGED, type Backend, type Entry, type Store } from "../../src/index.ts";
import { createClock, faulty } from "../../src/testing.ts";
import { utf8 } from "../support/bytes.ts";

const { now, advance } = createClock();

/** A backend of somebody's own, each of whose answers takes a moment. */
function own(entries = new Map<string, Entry>()): Backend {
  return {
    get: async (key) => entries.get(key),
    set: async (key, entry) => void entries.set(key, entry),
    delete: async (key) => entries.delete(key),
    isPersistent: () => false,
    async mutate(key, decide) {
      const next = decide(entries.get(key));
      if (next === UNCHANGED) return;
      if (next) entries.set(key, next);
      else entries.delete(key);
    },
    async list({ prefix, limit, cursor = "" }) {
      const keys = [...entries.keys()].filter((key) => key.startsWith(prefix) && key > prefix + cursor).sort();
      const page = keys.slice(0, limit).map((key) => ({ key, expiresAt: entries.get(key)!.expiresAt }));
      return keys.length > limit ? { entries: page, cursor: page.at(-1)!.key.slice(prefix.length) } : { entries: page };
    },
    async sweep() {
      throw new Error("The whole was swept");
    },
  };
}

/** Fills a store with so many expired entries below a prefix, and some beside it. */
async function fill(store: Store, count = 3): Promise<void> {
  const keys = Array.from({ length: count }, (_, index) => `a/${index}`);
  await store.setMany([...keys, "a", "b/1"].map((key) => [key, utf8("x"), { ttl: 10 }] as const));
  await store.set("a/kept", utf8("x"));
  advance(10);
}

describe("a backend that has no way to sweep a part", () => {
  test("is swept by its listing, page by page", async () => {
    const entries = new Map<string, Entry>();
    const store = createStore(own(entries), { now, sweepInterval: Infinity });
    await fill(store, 2500);
    assert.equal(await prefix(store, "a/").sweep(), 2500);
    assert.deepEqual([...entries.keys()], ["a", "b/1", "a/kept"]);
  });

  test("keeps what was refreshed since it was listed, and it is not counted", async () => {
    const entries = new Map<string, Entry>();
    const backend = own(entries);
    const store = createStore(
      {
        ...backend,
        async list(options, call) {
          const page = await backend.list!(options, call);
          entries.set("a/1", { value: utf8("fresh"), expiresAt: now() + 10 });
          return page;
        },
      },
      { now, sweepInterval: Infinity },
    );
    await fill(store);
    assert.equal(await prefix(store, "a/").sweep(), 2);
    assert.deepEqual(await store.get("a/1"), utf8("fresh"));
  });

  test("is not asked after it was closed", async () => {
    let isClosed = false;
    const backend = own();
    const store: Store = createStore(
      {
        ...backend,
        list(options, call) {
          assert.ok(!isClosed);
          if (options.prefix === "a/") void store.close();
          return backend.list!(options, call);
        },
        close: () => void (isClosed = true),
      },
      { now, sweepInterval: Infinity },
    );
    await fill(store, 1001);
    await assert.rejects(prefix(store, "a/").sweep(), (error) => isStoreError(error, "closed"));
  });

  test("is left alone where it has an expiry of its own", async () => {
    const entries = new Map<string, Entry>();
    const store = createStore({ ...own(entries), ownExpiry: true }, { now });
    await fill(store);
    assert.equal(await prefix(store, "a/").sweep(), 0);
    assert.equal(entries.size, 6);
  });
});

test("a backend's own way is called as its method, by the prefixes of all views, and none is a sweep of all", async () => {
  const asked: string[] = [];
  const backend: Backend = {
    ...own(),
    sweep: () => 7,
    sweepWithin({ prefix }) {
      assert.equal(this, backend);
      asked.push(prefix);
      return 5;
    },
  };
  const store = createStore(backend, { sweepInterval: Infinity });
  assert.equal(await prefix(prefix(store, "a/"), "b/").sweep(), 5);
  assert.deepEqual(asked, ["a/b/"]);
  assert.equal(await prefix(store, "").sweep(), 7);
});

test("a view's sweep is a call like any other", async () => {
  const store = createStore(own(), { now, sweepInterval: Infinity });
  const view = prefix(store, "a/");
  const reason = new Error("enough");
  await assert.rejects(view.sweep({ signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(view.sweep({ signal: 1 as never }), (error) => isStoreError(error, "invalid-argument"));
  await store.close();
  await assert.rejects(view.sweep(), (error) => isStoreError(error, "closed"));
});

test("a sweep of a part fails on demand where that of the whole does", async () => {
  const store = createStore(own(), { now, sweepInterval: Infinity });
  await fill(store);
  const failure = new Error("on demand");
  let isDown = true;
  const view = prefix(
    faulty(store, ({ method }) => (method === "sweep" && isDown ? { before: failure } : undefined)),
    "a/",
  );
  await assert.rejects(view.sweep(), failure);
  isDown = false;
  assert.equal(await view.sweep(), 3);
});

test("a store whose parts cannot be distinguished is swept as a whole", async () => {
  const store = createStore({ ...own(), sweep: () => 7 }, { now });
  assert.equal(await prefix({ ...store, sweep: (options) => store.sweep(options) }, "a/").sweep(), 7);
});
