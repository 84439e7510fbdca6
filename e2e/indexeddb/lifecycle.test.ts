import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "vitest";
import { launch } from "../support/launch.ts";
import type { Page } from "../support/browser.ts";
import { inEngines, type Place } from "./driver.ts";
import { startServer } from "../support/server.ts";

const path = "e2e/indexeddb/page.html";

/** Leaves a page for another, does something there, and comes back as by the browser's button. */
async function awayAndBack(place: Place, page: Page, database: string, run: (database: string) => Promise<unknown>) {
  await page.evaluate(() => {
    kept.isSame = true;
    addEventListener("pageshow", ({ persisted }) => (kept.persisted = persisted));
  });
  await page.goto(`${place.server.url}${path}?away`);
  const result = await page.evaluate(run, database);
  await page.evaluate(() => void setTimeout(() => history.back(), 50));
  for (const end = Date.now() + 20_000; ;) {
    const state = await page
      .evaluate(
        () => location.search === "" && "kept" in globalThis && { kept: !!kept.isSame && kept.persisted === true },
      )
      // The page is just being exchanged.
      .catch(() => undefined);
    if (state) return { result, isKept: state.kept };
    assert.ok(Date.now() < end, "the page did not come back");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

inEngines(
  "a page that is left and come back to",
  ["chromium", "firefox", "webkit"],
  { backForwardCache: true },
  (place) => {
    it("works on as it was", async () => {
      const database = place.database();
      const page = await place.open();
      await page.evaluate(async (database) => {
        kept.store = shelf.indexeddb({ database });
        await kept.store.find("a");
      }, database);
      const { result, isKept } = await awayAndBack(place, page, database, (database) =>
        shelf.outcome(shelf.indexeddb({ database }).set("a", shelf.bytes("elsewhere"))),
      );
      assert.deepEqual(result, {});
      assert.equal(isKept, true);
      const outcomes = await page.evaluate(async () => {
        const { store } = kept;
        const told = await shelf.watching(store);
        const calls = [store.get("a"), store.set("a", shelf.bytes("back")), store.increment("n"), store.get("a")];
        const outcomes = await shelf.outcomes(calls);
        return [...outcomes, { value: told }, await shelf.outcome(store.close())];
      });
      const told = ["set a", "set n"];
      assert.deepEqual(outcomes, [{ value: "elsewhere" }, {}, { value: 1 }, { value: "back" }, { value: told }, {}]);
    });

    it("is in nobody's way while it is away, and finds what was made meanwhile", async (context: TestContext) => {
      const database = place.database();
      const page = await place.open();
      await page.evaluate(async (database) => {
        kept.store = shelf.indexeddb({ database });
        await kept.store.find("a");
        addEventListener("pagehide", () => (kept.calls = [kept.store.find("a"), kept.store.find("b")]));
      }, database);
      const { result, isKept } = await awayAndBack(place, page, database, async (database) => {
        const removed = await shelf.outcome(shelf.remove(database).then(() => {}));
        const store = shelf.indexeddb({ database });
        const outcomes = await shelf.outcomes([store.set("a", shelf.bytes("new")), store.close()]);
        return [removed, ...outcomes];
      });
      assert.deepEqual(result, [{}, {}, {}]);
      await context.annotate(`${place.name}: the page was ${isKept ? "kept" : "loaded again"}`);
      const outcomes = await page.evaluate(async (database) => {
        kept.store ??= shelf.indexeddb({ database });
        const { store } = kept;
        const calls = await shelf.outcomes(kept.calls ?? []);
        const outcomes = await shelf.outcomes([store.get("a"), store.set("b", shelf.bytes("back")), store.get("b")]);
        return [...outcomes, ...calls.filter(({ code }) => code), await shelf.outcome(store.close())];
      }, database);
      assert.deepEqual(outcomes, [{ value: "new" }, {}, { value: "back" }, {}]);
    });
  },
);

const privately = { incognito: true, preferences: { "browser.privatebrowsing.autostart": true } };

inEngines("a private window", ["chromium", "firefox", "webkit"], privately, (place) => {
  it("has a store like any other", async () => {
    const database = place.database();
    const [one, two] = [await place.open(), await place.open()];
    const outcomes = await one.evaluate(async (database) => {
      const store = shelf.indexeddb({ database, persist: true });
      const large = shelf.noise(5_000_000);
      return shelf.outcomes([
        store.set("a", shelf.bytes("1"), { ttl: 60_000 }),
        store.increment("n"),
        store.set("large", large),
        store.get("large"),
        store.has("a"),
        store.sweep(),
        store.close(),
      ]);
    }, database);
    assert.deepEqual(outcomes, [{}, { value: 1 }, {}, { value: 5_000_000 }, { value: true }, { value: 0 }, {}]);
    const found = await two.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      return shelf.outcomes([store.get("a"), store.increment("n"), store.clear(), store.find("a")]);
    }, database);
    assert.deepEqual(found, [{ value: "1" }, { value: 2 }, {}, {}]);
  });
});

// WebKit under automation keeps nothing.
for (const name of ["chromium", "firefox"] as const) {
  it(`values and deadlines outlive ${name}`, { timeout: 120_000 }, async () => {
    const profile = await mkdtemp(join(tmpdir(), "shelflife-profile-"));
    const server = await startServer();
    let browser = await launch(name, { profile });
    try {
      let page = await browser.open(server.url + path);
      const before = await page.evaluate(async () => {
        const store = shelf.indexeddb({ database: "kept" });
        await store.set("for ever", shelf.bytes("1"));
        await store.set("long", shelf.bytes("2"), { ttl: 600_000 });
        await store.set("short", shelf.bytes("3"), { ttl: 200 });
        // Without a close, as when a person just quits.
        return (await store.entry("long"))!.expiresAt;
      });
      await browser.close();
      browser = await launch(name, { profile });
      page = await browser.open(server.url + path);
      const after = await page.evaluate(async () => {
        const store = shelf.indexeddb({ database: "kept" });
        const entry = (await store.entry("long"))!;
        const outcomes = await shelf.outcomes([
          store.get("for ever"),
          store.get("long"),
          store.find("short"),
          store.sweep(),
        ]);
        const { entries } = await store.list();
        await store.close();
        // As text, since JSON has no infinity.
        return {
          expiresAt: entry.expiresAt,
          outcomes,
          entries: entries.map(({ key, expiresAt }) => `${key} ${expiresAt}`),
        };
      });
      assert.equal(after.expiresAt, before);
      assert.deepEqual(after.outcomes, [{ value: "1" }, { value: "2" }, {}, { value: 1 }]);
      assert.deepEqual(after.entries, ["for ever Infinity", `long ${before}`]);
    } finally {
      await browser.close();
      await server.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}
