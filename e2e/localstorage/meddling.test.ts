import assert from "node:assert/strict";
import { it } from "vitest";
import type { PlaywrightPage } from "../support/playwright.ts";
import { cdp, engines } from "../support/place.ts";
import { inEngines, openTab, path } from "./driver.ts";

// Until a number that is there is in sight, and its writer was asked and has answered.
const few = 15;

inEngines(engines, (place) => {
  it("a page that empties localStorage keeps nobody waiting, and every watch reads again", async () => {
    const [one, two] = [await openTab(place), await openTab(place)];
    await one.call("set", "emptied:", "key", "1");
    for (const { call } of [one, two]) await call("watch", "emptied:");
    await one.call("emptyOrigin");
    for (const { call } of [one, two]) assert.deepEqual((await call("changes", 1)).slice(0, 1), ["resync"]);
    await one.call("set", "emptied:", "key", "2");
    await one.call("emptyOrigin");
    assert.equal(await one.call("setAnew", "emptied:"), 0);
    await one.call("emptyOrigin");
    const beside = await openTab(place);
    for (const { call } of [two, beside]) {
      const rounds = await call("setAnew", "emptied:");
      assert.ok(rounds <= few, `${rounds} rounds`);
      await one.call("emptyOrigin");
    }
  });

  it("whatever a page writes over the number, other tabs hear of each change without waiting for long", async () => {
    const [one, two] = [await openTab(place), await openTab(place)];
    await two.call("watch", "over:");
    const items = ["", "text", "Infinity", "1e15", "0"];
    for (const item of items) await one.call("setAndMeddle", "over:", item, item);
    const seen = (await two.call("changes", items.length)).filter((line) => line !== "resync");
    assert.equal(seen.length, items.length, String(seen));
    const rounds = await two.call("setAnew", "over:");
    assert.ok(rounds <= few, `${rounds} rounds`);
  });

  it("a watch reports nothing that another tab had acknowledged before it was called", async () => {
    const [one, two] = [await openTab(place), await openTab(place)];
    for (const key of ["a", "b", "c"]) await one.call("set", "before:", key, "1");
    await two.call("watch", "before:");
    await one.call("set", "before:", "d", "1");
    assert.deepEqual(await two.call("changes", 1), ["set d 1"]);
  });
});

inEngines(["chromium"], (place) => {
  it("where site data are cleared every watch reads again", async () => {
    const { page, call } = await openTab(place);
    await call("set", "cleared:", "key", "1");
    await call("watch", "cleared:");
    const session = await cdp(page);
    const { origin } = new URL(place.server.url);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "local_storage" });
    assert.deepEqual((await call("changes", 1)).slice(0, 1), ["resync"]);
    assert.equal(await call("get", "cleared:", "key"), null);
  });

  it("a tab that crashes while it writes holds the next writer up for a moment, once", async () => {
    const [crashing, two] = [await place.browser.open(place.server.url + path), await openTab(place)];
    await two.call("get", "crash:", "n");
    await crashing.evaluate(() => void (globalThis as { tab?: any }).tab.countOn("crash:"));
    const session = await cdp(crashing);
    const isCrashed = new Promise((resolve) => (crashing as PlaywrightPage).page.once("crash", resolve));
    session.send("Page.crash").catch(() => {});
    await isCrashed;
    const rounds = await two.call("setAnew", "crash:");
    // 5 s of rounds of which each is 5 ms longer than the one before are 44, and more where some end early, when a lock is given back.
    assert.ok(rounds <= 200, `${rounds} rounds`);
    assert.ok((await two.call("setAnew", "crash:")) <= few);
    await crashing.close();
  });
});
