import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { cdp, engines } from "../support/place.ts";
import type { PlaywrightPage } from "../support/playwright.ts";
import { inEngines, untilLed, type Tab } from "./driver.ts";

inEngines("tabs with one offline store", engines, {}, (shore) => {
  /** Opens a tab that leads, and one that waits for that. */
  async function openBoth(): Promise<[leading: Tab, waiting: Tab]> {
    const database = shore.database();
    const leading = await shore.tab(database, true);
    await untilLed(leading, 0);
    const waiting = await shore.tab(database);
    await untilLed(waiting, 1);
    return [leading, waiting];
  }

  it("see what each other write, count together, and go on when the one that led is closed", async () => {
    const [leading, waiting] = await openBoth();
    await leading.call("set", "by the first", "1");
    await waiting.call("set", "by the second", "2");
    assert.equal(await waiting.call("get", "by the first"), "1");
    assert.equal(await leading.call("get", "by the second"), "2");
    await Promise.all([leading.call("increment", "closed", 20), waiting.call("increment", "closed", 30)]);
    assert.equal(await leading.call("get", "closed"), "50");
    await until(async () => (await shore.there("closed")) === "50");
    await until(
      async () => (await shore.there("by the first")) === "1" && (await shore.there("by the second")) === "2",
    );

    await leading.page.close();
    await waiting.call("increment", "closed", 5);
    await until(async () => (await shore.there("closed")) === "55");
    await untilLed(waiting, 0);
    // What is written there comes here.
    await shore.far.store.set("from afar", new TextEncoder().encode("3"));
    await until(async () => (await waiting.call("get", "from afar")) === "3");
    await until(async () => (await waiting.call("status")).pending === 0);
  });

  if (shore.name !== "chromium") return;
  it("go on when the one that led crashes", async () => {
    const [leading, waiting] = await openBoth();
    await leading.call("increment", "crashed", 20);
    const session = await cdp(leading.page);
    session.send("Page.crash").catch(() => {});
    await new Promise((resolve) => (leading.page as PlaywrightPage).page.once("crash", resolve));
    await waiting.call("increment", "crashed", 5);
    await untilLed(waiting, 0);
    await until(async () => (await shore.there("crashed")) === "25");
    await until(async () => (await waiting.call("status")).pending === 0);
    await leading.page.close();
  });
});
