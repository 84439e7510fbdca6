import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inEngines, untilLed, type Tab } from "./driver.ts";

const away = (): Response =>
  new Response('<!doctype html><title>away</title><link rel="icon" href="data:,">', {
    headers: { "content-type": "text/html" },
  });
const options = { backForwardCache: true, routes: { "/away": away } };

inEngines("the tab that leads", ["chromium", "firefox"], options, (shore) => {
  const leave = ({ page }: Tab): Promise<void> => page.goto(`${shore.server.url}away`);

  /** Comes back as by the browser's button. */
  async function comeBack({ page }: Tab): Promise<void> {
    await page.goBack();
    await until(() => page.evaluate(() => location.search !== "" && "tab" in globalThis).catch(() => false));
  }

  /** Opens a tab that leads and one that waits, leaves the first, does something, and comes back. */
  async function leaveAndReturn(meanwhile: (stays: Tab) => Promise<void>): Promise<[left: Tab, stays: Tab]> {
    const database = shore.database();
    const left = await shore.tab(database);
    await untilLed(left, 0);
    const stays = await shore.tab(database);
    await untilLed(stays, 1);
    await leave(left);
    await untilLed(stays, 0);
    await meanwhile(stays);
    await comeBack(left);
    await untilLed(stays, 1);
    return [left, stays];
  }

  /** Has both write, and the first lead again. */
  async function goOn(left: Tab, stays: Tab, key: string): Promise<void> {
    await left.call("increment", key, 3);
    assert.equal(await stays.call("get", key), "3");
    await stays.call("increment", key, 4);
    assert.equal(await left.call("get", key), "7");
    await until(async () => (await shore.there(key)) === "7");
    await until(async () => (await left.call("status")).pending === 0);
    await leave(stays);
    await untilLed(left, 0);
    await left.call("increment", key);
    await until(async () => (await shore.there(key)) === "8");
  }

  it("lets another lead when it is left, and finds what was written meanwhile when it is back", async () => {
    const [left, stays] = await leaveAndReturn(async (stays) => {
      await stays.call("set", "meanwhile", "1");
      await shore.far.store.set("from afar", new TextEncoder().encode("2"));
      await until(async () => (await shore.there("meanwhile")) === "1");
      await until(async () => (await stays.call("get", "from afar")) === "2");
    });
    assert.equal(await left.call("get", "meanwhile"), "1");
    assert.equal(await left.call("get", "from afar"), "2");
    await goOn(left, stays, "loaded again");
  });

  it("leads again when it is back as it was, since no other tab wrote meanwhile", async (context) => {
    const tab = await shore.tab(shore.database());
    await untilLed(tab, 0);
    await leave(tab);
    await shore.far.store.set("while alone", new TextEncoder().encode("1"));
    await comeBack(tab);
    const isKept = await tab.call("isShownAgain");
    // Firefox lets a page go now and then.
    if (shore.name === "chromium") assert.ok(isKept);
    await context.annotate(`${shore.name}: the page was ${isKept ? "kept" : "loaded again"}`);
    await untilLed(tab, 0);
    await until(async () => (await tab.call("get", "while alone")) === "1");
    await tab.call("set", "back", "2");
    await until(async () => (await shore.there("back")) === "2");
    await until(async () => (await tab.call("status")).pending === 0);
    assert.equal((await tab.call("status")).online, true);
  });
});
