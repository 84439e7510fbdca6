import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { callsOf } from "../support/tab.ts";
import { inEngines, openTab, path } from "./driver.ts";
import type { tab as Tab } from "./page.ts";

inEngines(engines, (place) => {
  it("a watch gets each change of another tab once, and can see it", async () => {
    const [one, two] = [await openTab(place), await openTab(place)];
    await one.call("watch", "watched:");
    await two.call("set", "watched:", "a", "1");
    await two.call("set", "watched:", "a", "1");
    assert.deepEqual(await one.call("changes", 2), ["set a 1", "set a 1"]);
    await two.call("remove", "watched:", "a");
    await two.call("set", "watched:", "b", "2", 30);
    const changes = await one.call("changes", 2);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await two.call("sweep", "watched:");
    await two.call("increment", "watched:");
    await two.call("clear", "watched:");
    // A reader that looks too late expires it before the sweep does, and has reported that already.
    changes.push(...(await one.call("changes", 5 - changes.length)));
    assert.deepEqual(changes.map((line) => line.split(" ", 2).join(" ")), ["delete a", "set b", "expire b", "set n", "delete n"]); // prettier-ignore
    assert.equal(changes[0], "delete a null");
    await one.call("set", "watched:", "c", "own");
    assert.deepEqual(await one.call("changes", 1), ["set c own"]);
  });

  it("values outlive the page, and the page's own keys are left alone", async () => {
    const { page, call } = await openTab(place);
    const foreign = { "app:a": "1", "ap\ud83d": "2", a: "3" };
    await call("foreign", foreign);
    await call("set", "app:", "kept", "x");
    await page.reload();
    assert.equal(await call("get", "app:", "kept"), "x");
    // The first of them lies under the store's prefix, so it is one of its keys, and damaged.
    assert.deepEqual(await call("keys", "app:"), ["a", "kept"]);
    await call("clear", "app:");
    assert.deepEqual(await call("foreignNow", Object.keys(foreign)), [null, "2", "3"]);
  });

  it("sessionStorage is each tab's own, and outlives the page", async () => {
    const [one, two] = [await openTab(place), await openTab(place)];
    assert.equal(await one.call("session", "mine"), "mine");
    assert.equal(await two.call("session"), null);
    await one.page.reload();
    assert.equal(await one.call("session"), "mine");
  });

  it("a full origin is quota-exceeded, with all that was written intact", async () => {
    const { call } = await openTab(place);
    await call("emptyOrigin");
    assert.deepEqual(await call("fill", "full:"), {
      stored: true,
      refused: "quota-exceeded",
      replaced: "quota-exceeded",
      updated: "quota-exceeded",
      many: "quota-exceeded",
      isIntact: true,
      old: "old",
      new: null,
      removed: "ok",
      again: "ok",
      refilled: "ok",
      counts: "ok",
      afterExpiry: "ok",
    });
  });

  it("where there is no localStorage a store is unavailable", async () => {
    const { call } = await openTab(place);
    assert.match(await call("inFrame"), /^unavailable: Cannot open localStorage/);
    assert.match(await call("inWorker"), /^unavailable: Cannot open localStorage/);
  });
});

inEngines(["chromium"], (place) => {
  it("without a secure context atomic calls are unsupported, and the others work", async () => {
    // Loopback, but by a name that the browser does not trust.
    const page = await place.browser.open(place.server.url.replace("localhost", "0.0.0.0") + path);
    const call = callsOf<typeof Tab>(page);
    assert.equal(await call("isSecure"), false);
    assert.equal(await call("outcome", "insecure:", "increment"), "unsupported");
    assert.equal(await call("outcome", "insecure:", "set"), "ok");
    assert.equal(await call("get", "insecure:", "n"), "1");
    assert.equal(await call("outcome", "insecure:", "delete"), "ok");
    assert.equal(await call("get", "insecure:", "n"), null);
    await page.close();
  });
});
