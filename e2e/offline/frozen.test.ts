import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { startBareChromium } from "../support/bareChromium.ts";
import { startServer } from "../support/server.ts";
import { callsOf } from "../support/tab.ts";
import { pathOf, readThere, untilLed } from "./driver.ts";
import type { tab as Tab } from "./page.ts";
import { startStoreServer } from "./server.ts";

/** Notes when the page used IndexedDB last. */
function noteUse(): void {
  const { transaction } = IDBDatabase.prototype;
  const note = (): void => void Object.assign(globalThis, { usedAt: performance.now() });
  note();
  IDBDatabase.prototype.transaction = function (...args) {
    note();
    const begun = transaction.apply(this, args);
    for (const type of ["complete", "abort"]) begun.addEventListener(type, note);
    return begun;
  };
}

const isAtRest = (): boolean => performance.now() - (globalThis as unknown as { usedAt: number }).usedAt > 1000;

it("of two tabs in Chromium the other leads when the one that led is frozen, and each increment is counted once", async () => {
  const server = await startServer();
  const far = await startStoreServer(new URL(server.url).origin);
  const browser = await startBareChromium();
  try {
    const url = server.url + pathOf("frozen", far.url);
    const leading = await browser.open(url);
    const first = callsOf<typeof Tab>(leading);
    await untilLed({ call: first }, 0);
    const second = callsOf<typeof Tab>(await browser.open(url));
    await untilLed({ call: second }, 1);
    await first("increment", "frozen", 20);
    // A real page is frozen long after it was used. This one would hold a transaction, and writes of others wait for that for a minute.
    await leading.evaluate(noteUse);
    await until(() => leading.evaluate(isAtRest));
    await leading.setFrozen(true);
    // The lock is given away and is not waited for.
    await untilLed({ call: second }, 0);
    await second("increment", "frozen", 5);
    await until(async () => (await readThere(far, "frozen")) === "25");
    await until(async () => (await second("status")).pending === 0);
    await leading.setFrozen(false);
    await untilLed({ call: second }, 1);
    assert.equal(await first("get", "frozen"), "25");
    await first("increment", "frozen");
    await until(async () => (await readThere(far, "frozen")) === "26");
    await until(async () => (await first("status")).pending === 0);
    assert.equal((await first("status")).conflicts, 0);
  } finally {
    await browser.close();
    await far.remove();
    await server.close();
  }
});
