// A tab that goes away in the middle of a write of several items: what it wrote of that is not there for the next one.
import assert from "node:assert/strict";
import { test } from "vitest";
import { undoName } from "../../../src/backends/localstorage/undo.ts";
import type { Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { catchUp, openBy } from "../../support/tabs.ts";
import { TextStorage } from "../../support/textStorage.ts";

/** A view of a Storage by a tab that goes away after so many writes: whatever it does then reaches nobody. */
class MortalView extends TextStorage {
  override readonly items: Map<string, string>;
  left = Infinity;

  constructor({ items, quota }: TextStorage) {
    super(quota);
    this.items = items;
  }

  /** Does a write, or goes away. */
  private live(): boolean {
    if (this.left === 0) this.left = -1;
    else if (this.left > 0) return this.left-- > 0;
    throw new Error("The tab is gone");
  }

  override setItem(name: string, item: string): void {
    if (this.live()) super.setItem(name, item);
  }

  override removeItem(name: string): void {
    if (this.live()) super.removeItem(name);
  }
}

async function createTab(storage: TextStorage): Promise<[store: Store, view: MortalView]> {
  const view = new MortalView(storage);
  const store = openBy(view);
  await store.has("any");
  return [store, view];
}

async function createStorage(quota?: number): Promise<TextStorage> {
  const storage = new TextStorage(quota);
  await catchUp(storage);
  return storage;
}

const keys = ["a", "b", "c"];
const read = async (store: Store): Promise<unknown> =>
  (await store.transact(keys, (entries) => entries)).map((entry) => text(entry?.value));

/** Writes of several items: what is given for each key, nothing for one to remove. */
const writes: Record<string, (store: Store) => Promise<unknown>> = {
  transact: (store) => store.transact(keys, () => [{ value: utf8("1") }, undefined, { value: utf8("3"), ttl: 1000 }]),
  setMany: (store) => store.setMany([["a", utf8("1")], ["c", utf8("3")]]), // prettier-ignore
};
const after: Record<string, unknown> = { transact: ["1", undefined, "3"], setMany: ["1", "old b", "3"] };

for (const [name, write] of Object.entries(writes)) {
  test(`of a ${name} in whose middle a tab goes away, the next one sees all or nothing`, async () => {
    let count = 0;
    for (let isWhole = false; !isWhole; count++) {
      const storage = await createStorage();
      const [staying] = await createTab(storage);
      await staying.setMany([["a", utf8("old a")], ["b", utf8("old b")]]); // prettier-ignore
      const [leaving, view] = await createTab(storage);
      await read(leaving);
      view.left = count;
      isWhole = await write(leaving).then(() => true, () => false); // prettier-ignore
      view.left = 0;
      const seen = await read(staying);
      assert.deepEqual(seen, isWhole ? after[name] : ["old a", "old b", undefined], `after ${count} writes`);
      assert.deepEqual(seen, (await staying.findMany(keys)).map(text));
      assert.ok(!storage.items.has(undoName));
      await staying.close();
    }
    // Each of its writes was the last in one round.
    assert.ok(count >= 5, `${count}`);
  });
}

test("what others have written since is not undone", async () => {
  const storage = await createStorage();
  const [staying] = await createTab(storage);
  await staying.set("a", utf8("old"));
  const kept = JSON.stringify([Number(storage.items.get("~shelflife")), [["shelflife:a", null]]]);
  await staying.set("a", utf8("new"));
  // It comes into sight late.
  storage.items.set(undoName, kept);
  assert.deepEqual(await read(staying), ["new", undefined, undefined]);
  assert.ok(!storage.items.has(undoName));
  await staying.close();
});

test("what a page put in place of what was kept harms nothing", async () => {
  for (const item of ["", "null", "7", "{", "[1]", '[1, [["a"]]]', "[1, [[7, null]]]", "[1, [null]]"]) {
    const storage = await createStorage();
    storage.items.set(undoName, item);
    const [store] = await createTab(storage);
    await store.setMany([["a", utf8("1")], ["b", utf8("2")]]); // prettier-ignore
    assert.deepEqual(await read(store), ["1", "2", undefined], item);
    assert.ok(!storage.items.has(undoName));
    await store.close();
  }
});

test("where there is no room to keep what was there, as much can be written as without", async () => {
  const storage = await createStorage(3000);
  const [store] = await createTab(storage);
  await store.setMany([["a", utf8("x".repeat(1200))], ["b", utf8("x".repeat(1200))]]); // prettier-ignore
  await store.setMany([["a", utf8("y".repeat(1300))], ["b", utf8("y".repeat(1300))]]); // prettier-ignore
  assert.deepEqual((await store.findMany(["a", "b"])).map((value) => value!.length), [1300, 1300]); // prettier-ignore
  // Room for what was there, and then not for what is to come.
  await store.setMany([["a", utf8("small")], ["b", utf8("z".repeat(1300))]]); // prettier-ignore
  await store.setMany([["a", utf8("z".repeat(1300))], ["c", utf8("z")]]); // prettier-ignore
  assert.deepEqual((await store.findMany(["a", "c"])).map((value) => value!.length), [1300, 1]); // prettier-ignore
  assert.ok(!storage.items.has(undoName));
  await store.close();
});
