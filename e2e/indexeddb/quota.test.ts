import assert from "node:assert/strict";
import { it } from "vitest";
import type { Page } from "../support/browser.ts";
import { openSmall, smallDisk } from "../support/place.ts";
import { inEngines } from "./driver.ts";

const large = 30_000_000;

inEngines("a full origin", ["chromium", "firefox"], smallDisk, (place) => {
  it("refuses what has no room, keeps what was there, and takes more when something goes", async () => {
    const database = place.database();
    const page = await openSmall(place);
    await fillUp(page, database);
    await writeInFull(page);
    await freeSome(page);
    await page.evaluate(async (database) => shelf.remove(database), database);
  });

  it("makes room by itself of what has expired, and reports it", async () => {
    const page = await openSmall(place);
    const { count, refused, outcomes, changes, left } = await page.evaluate(async (database) => {
      let now = 1_000_000;
      const store = shelf.indexeddb({ database, now: () => now });
      await store.set("stays", shelf.bytes("here"));
      let count = 0;
      let refused: unknown;
      for (; !refused && count < 200; count++) {
        refused = (await shelf.outcome(store.set(`short ${count}`, shelf.noise(1_000_000), { ttl: 1000 }))).code;
      }
      now += 1000;
      // By a store for which nothing has expired: a watch removes what has.
      const watched = shelf.indexeddb({ database, now: () => 1_000_000 });
      const changes = await shelf.watching(watched);
      const outcomes = await shelf.outcomes([
        store.set("large", shelf.noise(2_000_000)),
        store.set("stays", shelf.bytes("still here")),
      ]);
      await shelf.until(() => changes.length >= count + 1);
      await shelf.pause(100);
      const left = await store.list().then(({ entries }) => entries.map(({ key }) => key));
      await Promise.all([store.close(), watched.close()]);
      return { count: count - 1, refused, outcomes, changes: changes.sort(), left };
    }, place.database());
    assert.equal(refused, "quota-exceeded");
    assert.ok(count > 4, `${count} were stored`);
    assert.deepEqual(outcomes, [{}, {}]);
    const expired = Array.from({ length: count }, (_, index) => `expire short ${index}`);
    assert.deepEqual(changes, [...expired, "set large", "set stays"].sort());
    assert.deepEqual(left, ["large", "stays"]);
  });
});

/** Writes until the origin refuses, which leaves all that was written. */
async function fillUp(page: Page, database: string): Promise<void> {
  const { count, refused, isIntact } = await page.evaluate(async (database) => {
    const store = (kept.store = shelf.indexeddb({ database }));
    await store.set("old", shelf.bytes("old"));
    kept.filling = filling(store);
    const filled = await kept.filling.fill(1_000_000, "fill");
    return { ...filled, isIntact: await kept.filling.isIntact() };
  }, database);
  assert.ok(count >= 5 && count < 40, `${count} MB were taken`);
  assert.equal(refused.code, "quota-exceeded", JSON.stringify(refused));
  assert.equal(refused.key, `fill ${count}`);
  assert.match(refused.message, /^Cannot store key "fill \d+": expected room in the origin's quota$/);
  assert.match(refused.cause, /QuotaExceededError/);
  assert.equal(isIntact, "intact");
}

/** In a full origin what is small is written, and what is large fails alone, whichever call it is of. */
async function writeInFull(page: Page): Promise<void> {
  const found = await page.evaluate(async (large) => {
    const { store } = kept;
    const { sums, isIntact } = kept.filling as ReturnType<typeof filling>;
    const small = await shelf.codes([store.set("small", shelf.bytes("1")), store.get("small")]);
    const absent = await shelf.codes([store.find(`fill ${sums.size}`)]);
    // Room for small ones, and not for a large one.
    await store.delete("fill 0");
    sums.delete("fill 0");
    const burst = await shelf.codes([
      store.set("before", shelf.bytes("b")),
      store.increment("n"),
      store.set("old", shelf.noise(large)),
      store.set("after", shelf.bytes("a")),
      store.increment("n"),
      store.get("before"),
      store.get("old"),
      store.get("after"),
    ]);
    const many = await shelf.codes([
      store.setMany([
        ["many 1", shelf.bytes("1")],
        ["many 2", shelf.noise(large)],
        ["many 3", shelf.bytes("3")],
      ]),
      store.findMany(["many 1", "many 2", "many 3", "old"]),
    ]);
    const update = await shelf.codes([store.update("old", () => shelf.noise(large)), store.get("old")]);
    const next = await shelf.codes([store.set("next", shelf.bytes("n")), store.get("next")]);
    return { small, absent, burst, many, update, next, isIntact: await isIntact() };
  }, large);
  assert.deepEqual(found, {
    small: ["done", "1"],
    absent: ["done"],
    burst: ["done", 1, "quota-exceeded old", "done", 2, "b", "old", "a"],
    many: ["quota-exceeded", [null, null, null, "old"]],
    update: ["quota-exceeded old", "old"],
    next: ["done", "n"],
    isIntact: "intact",
  });
}

/** What has no room has some when something goes. */
async function freeSome(page: Page): Promise<void> {
  const found = await page.evaluate(async () => {
    const { store } = kept;
    await kept.filling.fill(500_000, "more");
    const full = await shelf.codes([store.set("full", shelf.noise(2_000_000))]);
    const removed = await store.deleteMany(["fill 1", "fill 2", "fill 3"]);
    const free = await shelf.codes([store.set("free", shelf.noise(2_000_000))]);
    return { full, removed, free };
  });
  assert.deepEqual(found, { full: ["quota-exceeded full"], removed: 3, free: ["done"] });
}
