import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines, openTab } from "./driver.ts";

inEngines(engines, (place) => {
  it("two keys sum to 100 for three tabs, all of which write", async () => {
    const tabs = [await openTab(place), await openTab(place), await openTab(place)];
    const prefix = "sum:";
    await tabs[0]!.call("beginTransfer", prefix);
    const beginsAt = Date.now() + 1000;
    // Begun and not awaited, since WebKit's driver talks to one tab at a time.
    for (const { call } of tabs) await call("transfer", prefix, 100, beginsAt);
    for (const { call } of tabs) assert.deepEqual(await call("counted"), [100]);
    for (const { call } of tabs) assert.deepEqual(await call("readTransfer", prefix), [-200, 300]);
  });

  it("an expiry is reported once in two tabs that watch, by whichever it was written, though nobody reads", async () => {
    const tabs = [await openTab(place), await openTab(place)];
    const prefix = "expires:";
    await tabs[0]!.call("set", prefix, "stays", "1", 3_600_000);
    for (const { call } of tabs) await call("watch", prefix, false);
    for (const [index, { call }] of tabs.entries()) {
      const key = `key-${index}`;
      await call("set", prefix, key, "1", 300);
      for (const each of tabs) assert.deepEqual(await each.call("changes", 2), [`set ${key}`, `expire ${key}`]);
    }
  });
});
