// A page that empties localStorage or writes over the number there, and tabs that went away: counted in rounds of waiting.
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { writeRecord } from "../../../src/backends/localstorage/record.ts";
import { cached, localstorage, type Store } from "../../../src/index.ts";
import { utf8 } from "../../support/bytes.ts";
import { catchUp, createFreshViews, define, openBy } from "../../support/tabs.ts";
import { TextStorage } from "../../support/textStorage.ts";
import { until } from "../../support/until.ts";

/** Counts rounds of waiting from now on. */
function countRounds(): () => number {
  vi.restoreAllMocks();
  const timeout = vi.spyOn(AbortSignal, "timeout");
  return () => timeout.mock.calls.length;
}

/** What `localStorage.clear()` does. */
function empty(page: TextStorage): void {
  for (const name of page.items.keys()) page.removeItem(name);
}

/** Whether what was written last is reported by a lock, so that the next writer waits until it is in sight. */
async function isReported(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  const names = held.map(({ name }) => name);
  return !names.includes("shelflife:localstorage") && names.some((name) => name?.startsWith("shelflife:localstorage#"));
}

const closeAll = (stores: readonly Store[]): Promise<unknown> => Promise.all(stores.map((store) => store.close()));

// Until a number is in sight that is there, and until its writer is asked and has answered.
const few = 6;

test("a page that empties localStorage keeps no other store and no other tab waiting", async () => {
  const views = await createFreshViews(() => 1);
  const page = views.open();
  const one = openBy(page);
  await one.set("key", utf8("1"));
  await until(isReported);
  empty(page);
  await until(views.isQuiet);
  const beside = openBy(page);
  const rounds = countRounds();
  await beside.set("key", utf8("2"));
  assert.equal(rounds(), 0, "another store of the page");
  await until(isReported);
  empty(page);
  await until(views.isQuiet);
  const tab = openBy(views.open());
  await tab.set("key", utf8("3"));
  assert.ok(rounds() <= few, `${rounds()} rounds of another tab`);
  await closeAll([one, beside, tab]);
});

const items = [null, "", "text", "NaN", "Infinity", "-5", "1e300", "1e15", "0.5", "9007199254740991", "9".repeat(40)];

test("whatever a page writes in the number's place, no tab waits for long and no increment is lost", async () => {
  for (const item of items) {
    const views = await createFreshViews(() => Math.random() * 3);
    const pages = [views.open(), views.open()];
    const stores = pages.map((view) => openBy(view));
    const watched = stores[0]!.watch();
    const counted: number[] = [];
    const rounds = countRounds();
    for (let count = 0; count < 10; count++) {
      counted.push(await stores[count % 2]!.increment("n"));
      const page = pages[(count >> 1) % 2]!;
      if (item === null) page.removeItem("~shelflife");
      else page.setItem("~shelflife", item);
    }
    assert.deepEqual(
      counted,
      counted.map((_, index) => index + 1),
      String(item),
    );
    const isSet = async (): Promise<boolean> => (await watched.next()).value.type === "set";
    for (let seen = 0; seen < 10;) if (await isSet()) seen++;
    assert.ok(rounds() <= 20 * few, `${rounds()} rounds with ${item}`);
    await watched.return!();
    await closeAll(stores);
  }
});

/** Reports a write to all tabs, as the tab does that made it, and returns its number. That tab has no locks. */
function reportWrite(page: TextStorage): number {
  const number = Number(page.getItem("~shelflife")) + 1000;
  const channel = new BroadcastChannel("shelflife:localstorage");
  channel.postMessage([{ type: "set", key: "shelflife:key", number }]);
  channel.close();
  return number;
}

/** Makes the clock of those that wait go on by so many ms now. */
function leap(ms: number): void {
  const { now } = performance;
  vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + ms);
}

test("what a tab wrote right before it left is waited for, however long a busy browser takes to show it", async () => {
  const views = await createFreshViews(() => 0);
  const page = views.open();
  const one = openBy(page);
  await one.set("key", utf8("1"));
  await until(isReported);
  const rounds = countRounds();
  const changes = one.watch();
  const number = reportWrite(page);
  await until(() => rounds() > 0);
  const counted = one.increment("key");
  leap(4000);
  const before = rounds();
  await until(() => rounds() > before + 8);
  page.setItem("shelflife:key", writeRecord({ value: "2", expiresAt: Infinity }));
  page.setItem("~shelflife", `${number}`);
  assert.equal(await counted, 3);
  await changes.return!();
  await one.close();
});

test("what a tab wrote that crashed is given up once, by all stores of a page", async () => {
  const views = await createFreshViews(() => 0);
  const page = views.open();
  const [one, two] = [openBy(page), openBy(page)];
  await one.set("key", utf8("1"));
  await until(isReported);
  const rounds = countRounds();
  const changes = one.watch();
  // Reported, but its process ended before it could write it.
  reportWrite(page);
  await until(() => rounds() > 0);
  leap(5000);
  for await (const change of changes) if (change.type === "set") break;
  await Promise.all([one.set("key", utf8("2")), two.set("key", utf8("3"))]);
  assert.ok(rounds() <= 50, `${rounds()} rounds of two stores`);
  const before = rounds();
  await one.set("key", utf8("4"));
  await two.set("key", utf8("5"));
  assert.equal(await two.increment("n"), 1);
  assert.equal(rounds(), before);
  await closeAll([one, two]);
});

test("a page that empties its Storage has every watch read again, in every store and tab", async () => {
  const views = await createFreshViews(() => 1);
  const [page, other] = [views.open(), views.open()];
  const stores = [openBy(page), openBy(page), openBy(other)];
  const storage = new TextStorage();
  const beside = [localstorage({ storage }), localstorage({ storage, prefix: "other:" })];
  await stores[0]!.set("key", utf8("1"));
  await beside[0]!.set("key", utf8("1"));
  await until(isReported);
  await until(views.isQuiet);
  const all = [...stores, ...beside];
  const watches = all.map((store) => store.watch({ prefix: "none" }));
  const copies = all.map((store) => cached(store, { maxBytes: 1000 }));
  for (const copy of copies) await copy.find("key");
  // The watches of all are there by then.
  await Promise.all(all.map((store) => store.has("key")));
  empty(page);
  empty(storage);
  // Of two stores on a Storage that no other context has, the one that read and wrote nothing knows of nothing that is gone.
  for (const watch of watches.slice(0, 4)) assert.deepEqual((await watch.next()).value, { type: "resync" });
  for (const copy of copies.slice(0, 4)) assert.equal(await copy.find("key"), undefined);
  await closeAll(all);
});

test("an event says that another tab emptied localStorage, and what it wrote before", async () => {
  const page = new EventTarget();
  define("addEventListener", () => page.addEventListener.bind(page));
  define("removeEventListener", () => page.removeEventListener.bind(page));
  const storage = new TextStorage();
  await catchUp(storage);
  const store = openBy(storage);
  const changes = store.watch();
  await store.has("key");
  const tell = (key: string | null, newValue: string | null): unknown =>
    page.dispatchEvent(Object.assign(new Event("storage"), { storageArea: storage, key, newValue }));
  const number = Number(storage.items.get("~shelflife")) + 1_000_000;
  tell("~shelflife", `${number}`);
  tell(null, null);
  assert.deepEqual((await changes.next()).value, { type: "resync" });
  const rounds = countRounds();
  const channel = new BroadcastChannel("shelflife:localstorage");
  channel.postMessage([{ type: "set", key: "shelflife:key", number: number }]);
  assert.deepEqual((await changes.next()).value, { type: "set", key: "key" });
  await store.set("key", utf8("1"));
  assert.equal(rounds(), 0, "what was in sight once is not waited for");
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  for await (const { type } of changes) if (type === "resync") break;
  channel.close();
  await store.close();
});

test("what others wrote while a page was put aside expires in time, and is swept", async () => {
  const page = new EventTarget();
  define("addEventListener", () => page.addEventListener.bind(page));
  define("removeEventListener", () => page.removeEventListener.bind(page));
  const storage = new TextStorage();
  await catchUp(storage);
  let time = 1000;
  const store = openBy(storage, { now: () => time });
  // From the first sweep on it knows of all deadlines.
  await store.sweep();
  const changes = store.watch();
  await store.has("key");
  for (const key of ["soon", "swept"]) storage.items.set(`shelflife:${key}`, writeRecord({ value: "x", expiresAt: 1050 })); // prettier-ignore
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  assert.deepEqual((await changes.next()).value, { type: "resync" });
  time = 1050;
  const expired = [await changes.next(), await changes.next()].map(({ value }) => value);
  assert.deepEqual(expired, [{ type: "expire", key: "soon" }, { type: "expire", key: "swept" }]); // prettier-ignore
  await changes.return!();
  storage.items.set("shelflife:late", writeRecord({ value: "x", expiresAt: 1060 }));
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  time = 1060;
  assert.equal(await store.sweep(), 1);
  await store.close();
});

test("a watch reports nothing that was acknowledged before it was called, by whichever store or tab", async () => {
  const views = await createFreshViews(() => 5 + Math.random() * 10);
  const [page, other] = [views.open(), views.open()];
  const [one, beside, tab] = [openBy(page), openBy(page), openBy(other)];
  for (let round = 0; round < 5; round++) {
    await tab.set("before", utf8("1"));
    await until(isReported);
    await until(views.isQuiet);
    await beside.set("before", utf8("2"));
    await one.set("before", utf8("3"));
    const changes = one.watch();
    await one.set("after", utf8("4"));
    await beside.set("after", utf8("5"));
    await tab.set("after", utf8("6"));
    for (let seen = 0; seen < 3; seen++) {
      assert.deepEqual((await changes.next()).value, { type: "set", key: "after" }, `change ${seen} of round ${round}`);
    }
    await changes.return!();
  }
  await closeAll([one, beside, tab]);
});
