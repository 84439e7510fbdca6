import assert from "node:assert/strict";
import { it } from "vitest";
import { pause } from "../../src/core/pause.ts";
import { until } from "../../test/support/until.ts";
import type { Page } from "../support/browser.ts";
import { sorted, upTo } from "../support/numbers.ts";
import { engines } from "../support/place.ts";
import { callsOf } from "../support/tab.ts";
import { elsewhere, inEngines, openTab, path } from "./driver.ts";
import type { tab as Tab } from "./page.ts";

/** Waits until a tab has a page of a host, whole. */
const untilAt = (page: Page, host: string): Promise<void> =>
  until(async () => {
    // A page that is just being exchanged answers nothing.
    const there = await page.evaluate(() => location.hostname + document.readyState).catch(() => undefined);
    return there === `${host}complete`;
  });

/** Waits until what a tab that left had written is in another's sight, which nothing says: until the number there stays as it is. */
async function untilAtRest(get: () => Promise<string | null>): Promise<void> {
  let last: string | null = null;
  let looks = 0;
  await until(async () => {
    const number = await get();
    looks = number === last ? looks + 1 : 0;
    last = number;
    await pause(20);
    return looks === 25;
  });
}

inEngines(engines, (place) => {
  it("what a tab wrote right before it left is counted", async () => {
    const one = await openTab(place);
    const leaving = await place.browser.open(place.server.url + path);
    const call = callsOf<typeof Tab>(leaving);
    await one.call("set", "leave:", "n", "0");
    for (const round of upTo(place.name === "webkit" ? 5 : 10)) {
      if (round > 1) await leaving.goto(place.server.url + path);
      // By now this tab's own view holds an older number.
      await call("get", "leave:", "n");
      await one.call("incrementAfterTheOther", "leave:");
      await call("incrementAndLeave", "leave:", elsewhere(place));
      assert.deepEqual(await one.call("counted"), [2 * round]);
      await untilAt(leaving, "127.0.0.1");
    }
    await leaving.close();
  });
});

inEngines(["webkit"], (place) => {
  it("a tab that is left while it counts, and comes back without its lock, loses none", async () => {
    const [leaving, two] = [await openTab(place), await openTab(place)];
    for (const round of upTo(3)) {
      const prefix = `back ${round}:`;
      // It listens from here on: a context that begins when the other has left hears nothing of it.
      await two.call("get", prefix, "n");
      await leaving.call("countOn", prefix);
      await leaving.page.evaluate((url) => void setTimeout(() => (location.href = url), 200), elsewhere(place));
      await untilAt(leaving.page, "127.0.0.1");
      await untilAtRest(() => two.call("get", prefix, "n"));
      await two.call("count", prefix, "awaited", 500, Date.now());
      const second = (await two.call("counted"))!;
      // Its view is that of before, until it hears of what came then.
      await two.call("count", prefix, "awaited", 2000, Date.now() + 50);
      await leaving.page.evaluate(() => void setTimeout(() => history.back(), 50));
      second.push(...(await two.call("counted"))!);
      await untilAt(leaving.page, "localhost");
      await leaving.call("countsAgain");
      const first = await leaving.call("stopCounting");
      assert.ok(first && first.length > 0, "the page was kept as it was");
      assert.deepEqual(sorted([...first, ...second]), upTo(first.length + second.length));
    }
  });
});
