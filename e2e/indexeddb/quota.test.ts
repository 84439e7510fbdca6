import assert from "node:assert/strict";
import { it } from "vitest";
import type { Page } from "../support/browser.ts";
import type { PlaywrightPage } from "../support/playwright.ts";
import { cdp, inEngines, type Place } from "./driver.ts";

const megabyte = 1_000_000;
const settings = {
  preferences: {
    // In kB. An origin may have a fifth of it, and no less than 10 MB.
    "dom.quotaManager.temporaryStorage.fixedLimit": 51_200,
  },
};

/** Opens a page whose origin may keep no more than some 20 MB. */
async function open(place: Place): Promise<Page> {
  const page = await place.open();
  if (place.name === "chromium") {
    const session = await cdp(page as PlaywrightPage);
    const { origin } = new URL(place.server.url);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 20 * megabyte });
  }
  return page;
}

inEngines("a full origin", ["chromium", "firefox"], settings, (place) => {
  it("refuses what has no room, keeps what was there, and takes more when something goes", async () => {
    const database = place.database();
    const page = await open(place);
    const { count, refused, isIntact } = await page.evaluate(async (database) => {
      const store = (kept.store = shelf.indexeddb({ database }));
      kept.sums = new Map<string, number>();
      /** Writes until the origin refuses, and tells what was refused. */
      kept.fill = async (size: number, name: string, options?: object) => {
        for (let count = 0; count < 200; count++) {
          const key = `${name} ${count}`;
          const value = shelf.noise(size);
          const outcome = await shelf.outcome(store.set(key, value, options));
          if (outcome.code) return { count, refused: outcome, expected: key };
          kept.sums.set(
            key,
            value.reduce((sum: number, byte) => (sum * 31 + byte) % 1_000_003, 0),
          );
        }
        return { count: Infinity };
      };
      kept.isIntact = async () => {
        for (const [key, sum] of kept.sums) {
          const value: Uint8Array = await store.get(key);
          if (value.reduce((sum: number, byte) => (sum * 31 + byte) % 1_000_003, 0) !== sum) return key;
        }
        return "intact";
      };
      await store.set("old", shelf.bytes("old"));
      const filled = await kept.fill(1_000_000, "fill");
      return { ...filled, isIntact: await kept.isIntact() };
    }, database);
    assert.ok(count >= 5 && count < 40, `${count} MB were taken`);
    assert.equal(refused.code, "quota-exceeded", JSON.stringify(refused));
    assert.equal(refused.key, `fill ${count}`);
    assert.match(refused.message, /^Cannot store key "fill \d+": expected room in the origin's quota$/);
    assert.match(refused.cause, /QuotaExceededError/);
    assert.equal(isIntact, "intact");

    const after = await page.evaluate(async () => {
      const { store } = kept;
      const small = await shelf.outcomes([store.set("small", shelf.bytes("1")), store.get("small")]);
      const absent = await shelf.outcome(store.find(`fill ${kept.sums.size}`));
      // Room for small ones, and not for a large one.
      await store.delete("fill 0");
      kept.sums.delete("fill 0");
      const burst = await shelf.outcomes([
        store.set("before", shelf.bytes("b")),
        store.increment("n"),
        store.set("old", shelf.noise(30_000_000)),
        store.set("after", shelf.bytes("a")),
        store.increment("n"),
        store.get("before"),
        store.get("old"),
        store.get("after"),
      ]);
      const many = await shelf.outcomes([
        store.setMany([
          ["many 1", shelf.bytes("1")],
          ["many 2", shelf.noise(30_000_000)],
          ["many 3", shelf.bytes("3")],
        ]),
        store.findMany(["many 1", "many 2", "many 3", "old"]),
      ]);
      const update = await shelf.outcomes([store.update("old", () => shelf.noise(30_000_000)), store.get("old")]);
      const next = await shelf.outcomes([store.set("next", shelf.bytes("n")), store.get("next")]);
      return { small, absent, burst, many, update, next, isIntact: await kept.isIntact() };
    });
    const codes = (outcomes: { code?: string; key?: string; value?: unknown }[]) =>
      outcomes.map(({ code, key, value }) => (code ? `${code} ${key ?? ""}`.trim() : (value ?? "done")));
    assert.deepEqual(codes(after.small), ["done", "1"]);
    assert.deepEqual(after.absent, {});
    assert.deepEqual(codes(after.burst), ["done", 1, "quota-exceeded old", "done", 2, "b", "old", "a"]);
    assert.deepEqual(codes(after.many), ["quota-exceeded", [null, null, null, "old"]]);
    assert.deepEqual(codes(after.update), ["quota-exceeded old", "old"]);
    assert.deepEqual(codes(after.next), ["done", "n"]);
    assert.equal(after.isIntact, "intact");

    const again = await page.evaluate(async () => {
      const { store } = kept;
      await kept.fill(500_000, "more");
      const full = await shelf.outcome(store.set("full", shelf.noise(2_000_000)));
      const removed = await store.deleteMany(["fill 1", "fill 2", "fill 3"]);
      const free = await shelf.outcome(store.set("free", shelf.noise(2_000_000)));
      return { full, removed, free };
    });
    assert.equal(again.full.code, "quota-exceeded");
    assert.equal(again.removed, 3);
    assert.deepEqual(again.free, {});
    await page.evaluate(async (database) => shelf.remove(database), database);
  });

  it("makes room by itself of what has expired, and tells of it", async () => {
    const page = await open(place);
    const { count, refused, outcomes, told, left } = await page.evaluate(async (database) => {
      let now = 1_000_000;
      const store = shelf.indexeddb({ database, now: () => now });
      await store.set("stays", shelf.bytes("here"));
      let count = 0;
      let refused: unknown;
      for (; !refused && count < 200; count++) {
        refused = (await shelf.outcome(store.set(`short ${count}`, shelf.noise(1_000_000), { ttl: 1000 }))).code;
      }
      now += 1000;
      const told = await shelf.watching(store);
      const outcomes = await shelf.outcomes([
        store.set("large", shelf.noise(2_000_000)),
        store.set("stays", shelf.bytes("still here")),
      ]);
      await shelf.pause(100);
      const left = await store.list().then(({ entries }) => entries.map(({ key }) => key));
      await store.close();
      return { count: count - 1, refused, outcomes, told: told.sort(), left };
    }, place.database());
    assert.equal(refused, "quota-exceeded");
    assert.ok(count > 4, `${count} were stored`);
    assert.deepEqual(outcomes, [{}, {}]);
    const expired = Array.from({ length: count }, (_, index) => `expire short ${index}`);
    assert.deepEqual(told, [...expired, "set large", "set stays"].sort());
    assert.deepEqual(left, ["large", "stays"]);
  });
});
