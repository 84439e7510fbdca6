import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { engines } from "../support/place.ts";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { inEngines } from "./driver.ts";

inEngines("an offline store whose server", engines, {}, (shore) => {
  it("is killed and comes back has each increment counted once", async () => {
    const database = shore.database();
    const [one, two] = [await shore.tab(database), await shore.tab(database)];
    for (const { call } of [one, two]) await call("countOn", "n");
    await until(async () => Number(await shore.there("n")) > 10);
    await shore.far.kill();
    await until(async () => !(await one.call("status")).online || !(await two.call("status")).online);
    const before = await one.call("counted");
    await until(async () => (await one.call("counted")) > before + 10);
    await shore.far.start();
    const counts = [await one.call("stopCounting"), await two.call("stopCounting")];
    const all = String(counts[0]! + counts[1]!);
    await until(async () => (await shore.there("n")) === all);
    await until(async () => (await one.call("status")).pending === 0);
    assert.equal(await one.call("get", "n"), all);
    assert.equal(await shore.there("n"), all);
  });

  it("is behind a captive portal takes no page for a value, and gets what was written meanwhile", async () => {
    const tab = await shore.tab(shore.database());
    await tab.call("set", "before", "1");
    await until(async () => (await shore.there("before")) === "1");
    await shore.far.capture();
    await tab.call("set", "meanwhile", "2");
    await tab.call("increment", "counter", 3);
    await until(async () => !(await tab.call("status")).online);
    await until(() => shore.far.captured.length > 3);
    assert.equal(await tab.call("get", "before"), "1");
    assert.equal(await tab.call("get", "meanwhile"), "2");
    assert.equal(await tab.call("get", "nothing"), null);
    assert.equal((await tab.call("status")).pending, 2);
    await shore.far.start();
    await until(async () => (await shore.there("meanwhile")) === "2" && (await shore.there("counter")) === "3");
    await until(async () => (await tab.call("status")).pending === 0);
    assert.equal(await tab.call("get", "before"), "1");
    assert.equal((await tab.call("status")).conflicts, 0);
  });
});

inEngines("an offline store of a page", ["chromium"], {}, (shore) => {
  it("keeps what is written while the browser is offline, over a reload, and brings it home by itself", async () => {
    const { page, call } = await shore.tab(shore.database());
    const { context } = shore.browser as PlaywrightBrowser;
    await call("installWorker");
    // What the page is made of passes through the worker.
    await page.reload();
    await until(async () => (await call("status")).complete);
    await context.setOffline(true);
    try {
      for (const key of ["a", "b", "c", "d"]) await call("set", key, `value of ${key}`);
      await call("increment", "n", 7);
      await until(async () => !(await call("status")).online);
      assert.equal((await call("status")).pending, 5);
      await page.reload();
      await until(async () => (await call("status")).pending === 5);
      assert.equal((await call("status")).online, false);
      assert.equal(await call("get", "a"), "value of a");
      assert.equal(await call("get", "n"), "7");
      assert.equal(await shore.there("a"), undefined);
    } finally {
      await context.setOffline(false);
    }
    await until(async () => (await shore.there("n")) === "7");
    await until(async () => (await call("status")).pending === 0);
    for (const key of ["a", "b", "c", "d"]) assert.equal(await shore.there(key), `value of ${key}`);
    assert.equal((await call("status")).online, true);
  });
});
