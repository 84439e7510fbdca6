import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inEngines } from "./driver.ts";

inEngines("a service worker with the offline store of two tabs", ["chromium"], {}, (shore) => {
  it("brings what waits home while they do, and each increment is counted once", async () => {
    const database = shore.database();
    const [one, two] = [await shore.tab(database), await shore.tab(database)];
    await one.call("installWorker");
    for (const { call } of [one, two]) await call("countOn", "n");
    for (let count = 0; count < 3; count++) {
      await Promise.all([one.call("inServiceWorker", "sync"), two.call("inServiceWorker", "sync")]);
    }
    const counts = [await one.call("stopCounting"), await two.call("stopCounting")];
    const all = String(counts[0]! + counts[1]!);
    await until(async () => (await one.call("status")).pending === 0 && (await two.call("status")).pending === 0);
    assert.equal(await shore.there("n"), all);
    assert.equal(await two.call("get", "n"), all);
  });
});
