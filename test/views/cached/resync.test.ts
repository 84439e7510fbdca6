import assert from "node:assert/strict";
import { test } from "vitest";
import { createStore, memory, prefix, type Observer, type Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { silent, settled, warm } from "./below.ts";

/** A store whose watch reports nothing of itself, and its observers. */
function missing(): { store: Store; observers: Set<Observer> } {
  const observers = new Set<Observer>();
  const { watch } = createStore({
    get: () => undefined,
    set() {},
    delete: () => false,
    isPersistent: () => false,
    watch(_, observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  });
  return { store: { ...silent(memory()), watch }, observers };
}

test("a cache holds nothing of what it read before changes may have been missed", async (context) => {
  const { store, observers } = missing();
  const { view, asked, keepBack } = await warm(context, store);
  const release = keepBack();
  const late = view.find("late");
  await settled();
  await store.clear();
  for (const observer of observers) observer.resync();
  await settled();
  await store.set("late", utf8("new"));
  release();
  await late;
  assert.deepEqual([await view.find("key"), text(await view.find("late"))], [undefined, "new"]);
  // It holds again what it has read since.
  asked.length = 0;
  assert.equal(text(await view.find("late")), "new");
  assert.deepEqual(asked, []);
});

test("a read made upon resync, in a watch of the view, gets what the store has", async (context) => {
  const { store, observers } = missing();
  const { view } = await warm(context, store);
  const watch = prefix(view, "none").watch();
  await settled();
  await store.set("key", utf8("new"));
  // The reader of the watch may come before the cache's own.
  for (const observer of [...observers].reverse()) observer.resync();
  assert.deepEqual((await watch.next()).value, { type: "resync" });
  assert.equal(text(await view.find("key")), "new");
});
