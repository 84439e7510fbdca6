import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { cdp } from "../support/place.ts";
import { inEngines } from "./driver.ts";

inEngines("an offline store whose browser", ["chromium"], {}, (shore) => {
  const origin = (): string => new URL(shore.server.url).origin;

  it("dispatches a sync brings home by its service worker what a tab left that is closed", async () => {
    const database = shore.database();
    const left = await shore.tab(database, true);
    await left.call("set", "before", "1");
    await until(async () => (await shore.there("before")) === "1");
    await until(async () => (await left.call("status")).complete);
    await shore.far.kill();
    await left.call("increment", "left", 3);
    await until(async () => !(await left.call("status")).online);
    assert.deepEqual(await left.call("pending"), ["increment left"]);
    await left.page.close();
    await shore.far.start();
    // With a store of its own, so that nothing but the worker is about the other one.
    const { page, call } = await shore.tab(shore.database());
    const session = await cdp(page);
    let registrationId: string | undefined;
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      for (const found of registrations) if (!found.isDeleted) ({ registrationId } = found);
    });
    await session.send("ServiceWorker.enable");
    await call("installWorker");
    await until(() => registrationId !== undefined);
    assert.equal(await shore.there("left"), undefined);
    await session.send("ServiceWorker.dispatchSyncEvent", {
      origin: origin(),
      registrationId: registrationId!,
      tag: JSON.stringify({ database, url: shore.far.url }),
      lastChance: false,
    });
    await until(async () => (await shore.there("left")) === "3");
  });

  it("throws away its rows while it is open reads again what is on the server, and counts nothing twice", async () => {
    const { page, call } = await shore.tab(shore.database());
    await call("increment", "thrown", 5);
    await until(async () => (await shore.there("thrown")) === "5" && (await call("status")).pending === 0);
    const session = await cdp(page);
    await session.send("Storage.clearDataForOrigin", { origin: origin(), storageTypes: "indexeddb" });
    assert.equal(await call("get", "thrown"), "5");
    await call("increment", "thrown", 2);
    await until(async () => (await shore.there("thrown")) === "7");
    await until(async () => (await call("status")).pending === 0);
    assert.equal(await call("get", "thrown"), "7");
  });
});
