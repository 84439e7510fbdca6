import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines } from "./driver.ts";

const privately = { incognito: true, preferences: { "browser.privatebrowsing.autostart": true } };

inEngines("a private window", engines, privately, (place) => {
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
