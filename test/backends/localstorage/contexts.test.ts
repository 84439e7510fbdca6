import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { localstorage, sessionstorage } from "../../../src/index.ts";
import { utf8 } from "../../support/bytes.ts";
import { hasCode } from "../../support/localStorage.ts";
import { catchUp, createFreshViews, define, openBy } from "../../support/tabs.ts";
import { TextStorage } from "../../support/textStorage.ts";
import { until } from "../../support/until.ts";
import { showChange } from "../../support/showChange.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("increments of tabs that see each other late are exact", { timeout: 60_000 }, async () => {
  const views = await createFreshViews(() => Math.random() * 15);
  const tabs = [openBy(views.open()), openBy(views.open()), openBy(views.open())];
  const seen: number[] = [];
  await Promise.all(
    tabs.map(async (store, tab) => {
      for (let round = 0; round < 20; round++) {
        seen.push(...(await Promise.all([store.increment("n"), store.increment("n")])));
        // Now and then without a pause, so that one lock serves several calls in a row.
        if ((round + tab) % 3) await pause(Math.random() * 5);
      }
    }),
  );
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    Array.from({ length: 120 }, (_, index) => index + 1),
  );
  await Promise.all(tabs.map((store) => store.close()));
});

test("a set between increments of another tab is never lost", { timeout: 60_000 }, async () => {
  const views = await createFreshViews(() => Math.random() * 10);
  const [counting, setting] = [openBy(views.open()), openBy(views.open())];
  for (let round = 1; round <= 20; round++) {
    const counts = Array.from({ length: 3 }, async () => {
      await pause(Math.random() * 10);
      return counting.increment("n");
    });
    await pause(Math.random() * 10);
    await setting.set("n", utf8(String(round * 1000)));
    await Promise.all(counts);
    const sum = await counting.increment("n", 0);
    assert.ok(sum >= round * 1000 && sum <= round * 1000 + 3, `${sum} in round ${round}`);
  }
  await Promise.all([counting.close(), setting.close()]);
});

test("what a tab wrote right before it went away is counted", { timeout: 60_000 }, async () => {
  const views = await createFreshViews(() => 5 + Math.random() * 10);
  const staying = openBy(views.open());
  await staying.set("n", utf8("0"));
  for (let round = 1; round <= 20; round++) {
    const going = openBy(views.open());
    // Seen by this view, so that only what the tab writes now is late.
    await going.increment("n", 0);
    await going.increment("n");
    await going.close();
    assert.equal(await staying.increment("n", 0), round);
  }
  await staying.close();
});

test(
  "a watch that reports another tab's change comes once, in order, and the change can be read",
  { timeout: 60_000 },
  async () => {
    const views = await createFreshViews(() => 5 + Math.random() * 10);
    const [writing, watching] = [openBy(views.open()), openBy(views.open())];
    const changes = watching.watch();
    const reported: string[] = [];
    const values: unknown[] = [];
    const watch = (async () => {
      for await (const change of changes) {
        if (change.type === "resync") break;
        reported.push(showChange(change));
        const value = await watching.find(change.key);
        values.push(value && new TextDecoder().decode(value));
        if (change.key === "last") break;
      }
    })();
    const read = (count: number): Promise<void> => until(() => values.length >= count);
    await writing.set("a", utf8("1"));
    await read(1);
    await writing.set("a", utf8("1"));
    await read(2);
    await writing.delete("a");
    await read(3);
    await writing.setMany([["b", utf8("2")], ["c", utf8("3")]]); // prettier-ignore
    await read(5);
    await writing.set("last", utf8("x"));
    await watch;
    assert.deepEqual(reported, ["set a", "set a", "delete a", "set b", "set c", "set last"]); // prettier-ignore
    assert.deepEqual(values, ["1", "1", undefined, "2", "3", "x"]);
    await Promise.all([writing.close(), watching.close()]);
  },
);

test("a page that empties localStorage holds up no tab for long", { timeout: 60_000 }, async () => {
  const views = await createFreshViews(() => 3);
  const [one, two] = [openBy(views.open()), openBy(views.open())];
  const changes = one.watch();
  await one.increment("n");
  await two.increment("n");
  // A change is reported when it is in sight.
  await changes.next();
  await changes.next();
  await until(views.isQuiet);
  const page = views.open();
  for (const name of page.items.keys()) page.removeItem(name);
  await until(views.isQuiet);
  assert.equal(views.arrived.items.size, 0);
  // By a clock that stands still nobody gives up waiting for what is gone.
  vi.spyOn(performance, "now").mockReturnValue(performance.now());
  assert.equal(await one.increment("n"), 1);
  assert.equal(await two.increment("n"), 2);
  await Promise.all([one.close(), two.close()]);
});

test("without a localStorage a store is unavailable, from the first call on", async () => {
  for (const none of [undefined, null]) {
    define("localStorage", () => none);
    define("sessionStorage", () => none);
    for (const store of [localstorage(), sessionstorage()]) {
      await assert.rejects(() => store.get("key"), hasCode("unavailable"));
      await assert.rejects(() => store.set("key", utf8("x")), hasCode("unavailable"));
      await assert.rejects(() => store.increment("key"), hasCode("unavailable"));
      await assert.rejects(() => store.list(), hasCode("unavailable"));
      await assert.rejects(() => store.watch().next(), hasCode("unavailable"));
      await store.close();
    }
  }
});

test("a browser that blocks localStorage is asked again at the next call", async () => {
  let isBlocked = true;
  const cause = new DOMException("denied", "SecurityError");
  const storage = new TextStorage();
  await catchUp(storage);
  define("localStorage", () => {
    if (isBlocked) throw cause;
    return storage;
  });
  const store = localstorage();
  await assert.rejects(
    () => store.find("key"),
    (error: Error) => hasCode("unavailable")(error) && error.cause === cause,
  );
  isBlocked = false;
  await store.set("key", utf8("x"));
  assert.deepEqual(await store.get("key"), utf8("x"));
  await store.close();
});

test("without Web Locks atomic calls say what they need, the others work", async () => {
  const storage = new TextStorage();
  define("localStorage", () => storage);
  define("navigator", () => ({}));
  const store = localstorage();
  await store.set("key", utf8("1"));
  const calls = [
    () => store.increment("key"),
    () => store.take("key"),
    () => store.update("key", () => utf8("2")),
    () => store.setIfAbsent("key", utf8("2")),
    () => store.compareAndSet("key", utf8("1"), utf8("2")),
    () => store.touch("key", { ttl: 1000 }),
  ];
  for (const call of calls) await assert.rejects(call, (error: Error) => hasCode("unsupported")(error) && /secure context/.test(error.message)); // prettier-ignore
  const changes = store.watch();
  assert.deepEqual(await store.get("key"), utf8("1"));
  await store.set("key", utf8("3"));
  await store.delete("key");
  assert.deepEqual((await changes.next()).value, { type: "set", key: "key" });
  assert.deepEqual((await changes.next()).value, { type: "delete", key: "key" });
  assert.equal(await store.has("key"), false);
  await store.setMany([["a", utf8("1")], ["b", utf8("2")]]); // prettier-ignore
  await store.clear();
  assert.deepEqual((await store.list()).entries, []);
  await store.close();
});
