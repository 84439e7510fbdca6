// What a watch reports of its own store, of others in this context and of other contexts, which speak by messages.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { deleteDB, openDB } from "idb";
import { test, vi, type TestContext } from "vitest";
import { cached, type Change, type Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { openIndexedDB } from "../../support/indexeddb.ts";
import { until } from "../../support/until.ts";

/** Collects what a watch reports: "type key". */
function collect(store: Store): string[] {
  const reported: string[] = [];
  void (async () => {
    for await (const change of store.watch()) reported.push(describe(change));
  })();
  return reported;
}

const describe = (change: Change): string => (change.type === "resync" ? "resync" : `${change.type} ${change.key}`);

/** Another context, which posts what it likes. */
function stranger(context: TestContext, database: string): BroadcastChannel {
  const channel = new BroadcastChannel(`shelflife:${database}`);
  context.onTestFinished(() => channel.close());
  return channel;
}

for (const acknowledge of ["committed", "buffered"] as const) {
  test(`a watch reports nothing that was acknowledged before it was called: ${acknowledge}`, async () => {
    const { store, database } = openIndexedDB({ acknowledge });
    const other = openIndexedDB({ database }).store;
    await other.set("other", utf8("1"));
    for (const key of ["a", "b", "c"]) await store.set(key, utf8(key));
    await store.setMany([["d", utf8("d")]]);
    const reported = collect(store);
    await store.set("e", utf8("e"));
    await other.set("f", utf8("f"));
    await store.flush();
    await until(() => reported.length === 2);
    assert.deepEqual(reported.sort(), ["set e", "set f"]);
  });
}

test("a watch reports what another store of its context writes right after the call, though its database is not open yet", async () => {
  const { store, database } = openIndexedDB();
  const other = openIndexedDB({ database }).store;
  for (const key of ["a", "b", "c"]) await other.set(key, utf8(key));
  const reported = collect(store);
  for (const key of ["d", "e"]) await other.set(key, utf8(key));
  assert.equal(await store.has("d"), true);
  assert.deepEqual(reported, ["set d", "set e"]);
});

test("what another context committed before the call is not reported, however late its message comes", async (context) => {
  const { store, database } = openIndexedDB();
  for (const key of ["a", "b"]) await store.set(key, utf8(key));
  const channel = stranger(context, database);
  const reported = collect(store);
  // The second mark is the last, whatever the clocks say.
  const messages = { before: 2, "long before": 1, after: 3 };
  for (const [key, mark] of Object.entries(messages)) {
    for (const at of [0, Date.now(), Date.now() + 60_000]) channel.postMessage([{ type: "set", key, mark, at }]);
  }
  channel.postMessage([{ type: "set", key: "by an earlier version" }]);
  await until(() => reported.length === 4);
  assert.deepEqual(reported, ["set after", "set after", "set after", "set by an earlier version"]);
});

test("what another context commits while the database is being opened for a watch is reported", async (context) => {
  const { store: writing, database } = openIndexedDB();
  for (const key of ["a", "b"]) await writing.set(key, utf8(key));
  const channel = stranger(context, database);
  const calledAt = Date.now();
  const { store } = openIndexedDB({ database });
  const reported = collect(store);
  const send = (key: string, mark: number, at: number): void => channel.postMessage([{ type: "set", key, mark, at }]);
  send("before", 2, calledAt - 1);
  send("in between", 2, calledAt + 60_000);
  send("after, by a clock set back", 3, calledAt - 60_000);
  await until(() => reported.length === 2);
  assert.deepEqual(reported, ["set in between", "set after, by a clock set back"]);
});

test("a database that is deleted is resync to every watch, and a cached view over it forgets", async () => {
  const { store, database } = openIndexedDB();
  const view = cached(store, { maxBytes: 10_000 });
  const reported = [collect(store), collect(view)];
  await store.set("a", utf8("1"));
  await until(() => reported.every((each) => each.length === 1));
  for (let round = 0; round < 3; round++) assert.equal(text(await view.find("a")), "1");
  await deleteDB(database, { blocked: () => assert.fail("blocked") });
  assert.deepEqual([await view.find("a"), await view.has("a"), await store.find("a")], [undefined, false, undefined]);
  await store.set("b", utf8("2"));
  await until(() => reported.every((each) => each.length === 3));
  for (const each of reported) assert.deepEqual(each, ["set a", "resync", "set b"]);
  await view.close();
});

test("a store that only watches hears of a second deletion, too", async (context) => {
  const { store, database } = openIndexedDB();
  const reported = collect(store);
  assert.equal(await store.find("a"), undefined);
  const channel = stranger(context, database);
  await deleteDB(database);
  await until(() => reported.length === 1);
  const writing = openIndexedDB({ database });
  await writing.store.set("a", utf8("1"));
  await writing.store.close();
  channel.postMessage([{ type: "set", key: "b", mark: 1, at: Date.now() + 1000 }]);
  await until(() => reported.includes("set b"));
  // It has the database open again, so that it is asked to make way.
  await until(async () => {
    await deleteDB(database);
    const raw = await openDB(database, 2, {
      upgrade(raw) {
        raw.createObjectStore("entries").createIndex("expiry", "e");
        raw.createObjectStore("marks", { autoIncrement: true });
      },
    });
    raw.close();
    return reported.filter((each) => each === "resync").length > 1;
  });
  assert.equal(reported[0], "resync");
});

test("a page that comes back as it was left gets resync", async (context) => {
  vi.stubGlobal("addEventListener", vi.fn());
  vi.stubGlobal("removeEventListener", vi.fn());
  context.onTestFinished(() => void vi.unstubAllGlobals());
  const { store } = openIndexedDB();
  const reported = collect(store);
  await store.find("a");
  const added = vi.mocked(addEventListener as (type: string, listener: (event: object) => void) => void).mock.calls;
  const shown = added.filter(([type]) => type === "pageshow").map(([, listener]) => listener);
  for (const listener of shown) listener({ type: "pageshow", persisted: false });
  await store.set("a", utf8("1"));
  for (const listener of shown) listener({ type: "pageshow", persisted: true });
  await store.set("b", utf8("1"));
  assert.deepEqual(reported, ["set a", "resync", "set b"]);
  await store.close();
});
