import assert from "node:assert/strict";
import { it } from "vitest";
import type { Page } from "../support/browser.ts";
import { cdp } from "../support/place.ts";
import { inEngines } from "./driver.ts";

inEngines("the connection that the browser closes", ["chromium"], {}, (place) => {
  async function clear(page: Page): Promise<void> {
    const session = await cdp(page);
    const { origin } = new URL(place.server.url);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
    await session.detach();
  }

  it("is opened again by the next calls", async () => {
    const database = place.database();
    const page = await place.open();
    await page.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      await kept.store.set("a", shelf.bytes("1"));
    }, database);
    for (let round = 0; round < 3; round++) {
      await clear(page);
      const outcomes = await page.evaluate(async () => {
        const { store } = kept;
        const calls = [store.find("a"), store.set("a", shelf.bytes("2")), store.increment("n"), store.get("a")];
        return shelf.outcomes([...calls, store.list({ prefix: "b" }).then(({ entries }: { entries: [] }) => entries)]);
      });
      assert.deepEqual(outcomes, [{}, {}, { value: 1 }, { value: "2" }, { value: [] }]);
    }
    assert.deepEqual(await page.evaluate(async () => shelf.outcome(kept.store.close())), {});
  });

  it("is resync to a watch, and a cached view forgets what was there", async () => {
    const database = place.database();
    const page = await place.open();
    await page.evaluate(async (database) => {
      const view = (kept.view = shelf.cached(shelf.indexeddb({ database }), { maxBytes: 10_000 }));
      const changes = view.watch();
      kept.types = [];
      void (async () => {
        for await (const { type } of changes) kept.types.push(type);
      })();
      await view.set("a", shelf.bytes("1"));
      for (let count = 0; count < 3; count++) {
        await view.find("a");
        await shelf.pause(50);
      }
    }, database);
    await clear(page);
    const outcomes = await page.evaluate(async () => {
      // Nobody calls the store meanwhile: the browser says it.
      await shelf.until(() => kept.types.includes("resync"));
      return shelf.outcomes([kept.view.find("a"), kept.view.has("a"), kept.view.close()]);
    });
    assert.deepEqual(outcomes, [{}, { value: false }, {}]);
  });

  it("leaves no call hanging that was under way", async () => {
    const database = place.database();
    const page = await place.open();
    await page.evaluate(async (database) => void (kept.store = shelf.indexeddb({ database })), database);
    const tally: Record<string, number> = {};
    // Chromium may hold a round for 30 s.
    const end = Date.now() + 40_000;
    for (let round = 0; round < 15 && Date.now() < end; round++) {
      await page.evaluate((round) => {
        const { store } = kept;
        const value = shelf.noise(1000);
        kept.calls = [];
        kept.isDone = false;
        kept.busy = (async () => {
          for (let count = 0; !kept.isDone; count++) {
            const calls = [
              ...Array.from({ length: 20 }, (_, index) => store.set(`${round} ${count} ${index}`, value)),
              store.increment("n"),
              store.find("a"),
              store.setMany([
                ["x", value],
                ["y", value],
              ]),
              store.list(),
            ];
            const burst = shelf.outcomes(calls);
            kept.calls.push(burst);
            // Some bursts come after one that is done, others while one is under way.
            if (count % 3) await burst;
            else await shelf.pause(0);
          }
        })();
      }, round);
      await clear(page);
      const outcomes = await page.evaluate(async () => {
        kept.isDone = true;
        await kept.busy;
        return ((await Promise.all(kept.calls)) as { code?: string; cause?: string }[][]).flat();
      });
      for (const { code = "resolved" } of outcomes) tally[code] = (tally[code] ?? 0) + 1;
      // An open that is caught up in the deletion Chromium holds for 30 s and then refuses, and so it may hold those which were
      // asked for meanwhile. The store gives each up after 10 s, and asks anew with the next call. One of them works.
      const after = await page.evaluate(async () => {
        const again = () => shelf.outcomes([kept.store.set("after", shelf.bytes("2")), kept.store.get("after")]);
        let outcomes = await again();
        for (let tries = 0; tries < 12 && outcomes[0]?.code === "unavailable"; tries++) outcomes = await again();
        return outcomes;
      });
      assert.deepEqual(after, [{}, { value: "2" }]);
    }
    // A call that is done again while the data are still being deleted may be refused a second time, and says so.
    const { resolved = 0, unavailable = 0, ...others } = tally;
    assert.deepEqual(others, {});
    assert.ok(resolved > unavailable, `${resolved} calls resolved, ${unavailable} were unavailable`);
    assert.deepEqual(await page.evaluate(async () => shelf.outcome(kept.store.close())), {});
  });
});
