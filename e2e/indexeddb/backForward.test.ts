import assert from "node:assert/strict";
import { it } from "vitest";
import type { Page } from "../support/browser.ts";
import { engines, type Place } from "../support/place.ts";
import { awayAndBack } from "./backForward.ts";
import { inEngines } from "./driver.ts";

inEngines("a page that is left and come back to", engines, { backForwardCache: true }, (place) => {
  it("works on as it was", async () => {
    // Firefox keeps a few pages of all its tabs, and lets one go now and then: what is to be seen is one that was kept.
    let page = await leftAndBack(place);
    for (let tries = 1; !page && tries < 5; tries++) page = await leftAndBack(place);
    assert.ok(page, "no page was kept");
    const outcomes = await page.evaluate(async () => {
      const { store } = kept;
      const changes = await shelf.watching(store);
      const calls = [store.get("a"), store.set("a", shelf.bytes("back")), store.increment("n"), store.get("a")];
      const outcomes = await shelf.outcomes(calls);
      return [...outcomes, { value: changes }, await shelf.outcome(store.close())];
    });
    const changes = ["set a", "set n"];
    assert.deepEqual(outcomes, [{ value: "elsewhere" }, {}, { value: 1 }, { value: "back" }, { value: changes }, {}]);
  });

  it("is in nobody's way while it is away, and finds what was made meanwhile", async (context) => {
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
});

/** Leaves a page with a store, to which another one writes meanwhile, and comes back. Resolves with the page if it was kept. */
async function leftAndBack(place: Place): Promise<Page | undefined> {
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
  return isKept ? page : undefined;
}
