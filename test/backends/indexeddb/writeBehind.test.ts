// What is written a moment later, and when. What browsers do to a page that is hidden or left is proven in e2e.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { indexeddb } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { bufferedStore } from "../../support/gatedMedium.ts";
import { visitPage } from "../../support/page.ts";
import { until } from "../../support/until.ts";

test("a set resolves before it is given to the medium, which gets it within 10 ms", async (context) => {
  const { store, log, entries, commit, tick } = bufferedStore(context);
  await store.set("a", utf8("1"));
  await store.set("b", utf8("2"));
  tick(9);
  assert.deepEqual(log, []);
  tick(1);
  assert.deepEqual(log, ["set a", "set b"]);
  assert.equal(entries.size, 0);
  await commit();
  assert.deepEqual([...entries.keys()], ["a", "b"]);
});

test("the last of several sets of one key is written, once", async (context) => {
  const { store, log, entries, commit, tick } = bufferedStore(context);
  for (let count = 0; count < 100; count++) await store.set("a", utf8(`${count}`), { ttl: 1000 + count });
  await store.set("b", utf8("x"));
  tick(10);
  assert.deepEqual(log, ["set a", "set b"]);
  await commit();
  assert.equal(text(entries.get("a")?.value), "99");
});

test("setMany is given to the medium at once and as one, after what waits", async (context) => {
  const { store, log } = bufferedStore(context);
  await store.set("a", utf8("1"));
  await store.setMany([["b", utf8("2")], ["a", utf8("3")]]); // prettier-ignore
  assert.deepEqual(log, ["set a", "setMany b,a"]);
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["3", "2"]);
});

test("a set with a signal is aborted before it, and no more after it", async (context) => {
  const { store, log, entries, commit, tick } = bufferedStore(context);
  const reason = new Error("enough");
  await assert.rejects(store.set("a", utf8("1"), { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  await store.set("b", utf8("1"), { signal: controller.signal });
  await store.setMany([["c", utf8("1")]], { signal: controller.signal });
  controller.abort(reason);
  tick(10);
  await commit();
  assert.deepEqual(log, ["set b", "setMany c"]);
  assert.deepEqual([...entries.keys()], ["b", "c"]);
});

test("a page that is hidden gives the medium what waits, as its last, and holds nothing back", async (context) => {
  const visited = visitPage(context);
  const { document, happen } = visited;
  const { store, log, free } = bufferedStore(context);
  for (const type of ["visibilitychange", "pagehide"]) {
    await store.set("a", utf8("1"));
    if (type === "visibilitychange") {
      happen(type);
      assert.deepEqual(log.splice(0), ["set a"]);
    }
    await store.set("b", utf8("1"));
    await store.set("c", utf8("1"));
    happen(type);
    happen(type);
    assert.deepEqual(log.splice(0), [`setMany ${type === "pagehide" ? "a," : ""}b,c, the last`]);
  }
  // Whoever hears of it later, or that the page is hidden now, writes for the last time, too.
  happen("visibilitychange");
  await Promise.all([store.set("e", utf8("1")), store.set("f", utf8("1"))]);
  assert.equal(log.at(-1), "setMany e,f, the last");
  happen("pageshow");
  log.length = 0;
  await Promise.all([store.set("g", utf8("1")), store.set("h", utf8("1"))]);
  assert.deepEqual(log, []);
  document.hidden = true;
  await store.set("d", utf8("1"));
  assert.equal(log.at(-1), "set d");
  await free();
  await store.close();
  assert.deepEqual(visited.listeners, new Set());
});

test("in IndexedDB, a read sees all that a page that is left wrote last, also after a call that reads from the medium", async (context) => {
  const visited = visitPage(context);
  const { happen } = visited;
  const store = indexeddb({ database: "left", acknowledge: "buffered" });
  await store.setMany([
    ["a", utf8("1")],
    ["b", utf8("1")],
  ]);
  await store.flush();
  assert.equal(text(await store.find("b")), "1");
  void store.set("a", utf8("2"));
  void store.set("b", utf8("2"));
  happen("pagehide");
  const updated = store.update("c", () => utf8("2"));
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(async (key) => text(await store.find(key)))), ["2", "2", "2"]);
  await updated;
  await store.close();
  assert.deepEqual(visited.listeners, new Set());
});

test("a timer that went away with a test's clock keeps nothing back", async (context) => {
  const { store, log } = bufferedStore(context);
  await store.set("a", utf8("1"));
  vi.useRealTimers();
  await store.set("b", utf8("2"));
  await until(() => log.length === 2);
  assert.deepEqual(log, ["set a", "set b"]);
});
