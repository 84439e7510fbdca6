import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { cached, createStore, isStoreError, memory, StoreError, type Change, type Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { below, least, maxBytes, settled, silent, warm } from "./below.ts";

test("what was read before the watch had begun is not held", async (context) => {
  const { store, asked } = below();
  const view = cached(store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", utf8("x"));
  for (let round = 0; round < 3; round++) await view.find("key");
  assert.deepEqual(asked, ["key", "key"]);
});

test("the first read waits for no watch", async (context) => {
  const inner = memory();
  await inner.set("key", utf8("x"));
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

test("where changes are not reported nothing is held, and the watch is tried at ever longer intervals", async (context) => {
  context.onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  let watches = 0;
  let isThere = false;
  let end = (): void => {};
  let tell: (change: Extract<Change, { key: string }>) => void = () => {};
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
  await view.set("key", utf8("old"));
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
  // Written where no change is reported any more.
  end();
  await turn();
  await store.set("key", utf8("new"));
  assert.equal(text(await view.find("key")), "new");
  assert.equal(await asks(), 10);
  // After a rest that is as short as the first only if the watch reported something.
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
  await view.set("key", utf8("old"));
  const release = keepBack();
  const late = view.find("key");
  await settled();
  end();
  await settled();
  await store.set("key", utf8("new"));
  release();
  assert.equal(text(await late), "old");
  assert.equal(text(await view.find("key")), "new");
});

test("a closed view has ended its watch, and returns nothing that it held", async () => {
  for (const how of ["close", "dispose", "the store's close"]) {
    let stops = 0;
    const store = createStore(least({ watch: () => () => void stops++ }));
    const view = cached(store, { maxBytes });
    await view.set("key", utf8("x"));
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
  await view.set("key", utf8("x"));
  await view.find("key");
  await view.set("key", utf8("y"));
  const release = keepBack();
  const late = view.find("key");
  await view.close();
  release();
  assert.equal(text(await late), "y");
  await assert.rejects(view.find("key"), (error) => isStoreError(error, "closed"));
});
