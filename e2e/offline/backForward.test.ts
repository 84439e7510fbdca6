import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inEngines, untilLed } from "./driver.ts";

const away = (): Response =>
  new Response('<!doctype html><title>away</title><link rel="icon" href="data:,">', {
    headers: { "content-type": "text/html" },
  });
const options = { backForwardCache: true, routes: { "/away": away } };

inEngines("the tab that leads", ["chromium", "firefox"], options, (shore) => {
  it("lets another lead when it is left, and both see each other's writes when it is back", async (context) => {
    const database = shore.database();
    const left = await shore.tab(database);
    await untilLed(left, 0);
    const stays = await shore.tab(database);
    await untilLed(stays, 1);
    await left.page.goto(`${shore.server.url}away`);
    await untilLed(stays, 0);
    await stays.call("set", "meanwhile", "1");
    await shore.far.store.set("from afar", new TextEncoder().encode("2"));
    await until(async () => (await shore.there("meanwhile")) === "1");
    await until(async () => (await stays.call("get", "from afar")) === "2");

    await left.page.evaluate(() => void setTimeout(() => history.back(), 50));
    await until(() => left.page.evaluate(() => location.search !== "" && "tab" in globalThis).catch(() => false));
    await context.annotate(
      `${shore.name}: the page was ${(await left.call("isShownAgain")) ? "kept" : "loaded again"}`,
    );
    await untilLed(stays, 1);
    assert.equal(await left.call("get", "meanwhile"), "1");
    assert.equal(await left.call("get", "from afar"), "2");
    await left.call("increment", "n", 3);
    assert.equal(await stays.call("get", "n"), "3");
    await stays.call("increment", "n", 4);
    assert.equal(await left.call("get", "n"), "7");
    await until(async () => (await shore.there("n")) === "7");
    await until(async () => (await left.call("status")).pending === 0);
    // It takes its turn again.
    await stays.page.goto(`${shore.server.url}away`);
    await untilLed(left, 0);
    await left.call("set", "leads again", "3");
    await until(async () => (await shore.there("leads again")) === "3");
  });
});
