import assert from "node:assert/strict";
import { beforeAll, it } from "vitest";
import type { Page } from "playwright";
import { until } from "../../test/support/until.ts";
import { remote } from "../../src/http/remote.ts";
import { inWorkbench } from "./driver.ts";

const number = 100_000;
const keyOf = (index: number): string => `k${String(index).padStart(6, "0")}`;

/** The pages of listings that a tab has asked for. */
function listings(page: Page): string[] {
  const found: string[] = [];
  page.on("request", (request) => request.url().includes("/store/entries?") && found.push(request.url()));
  return found;
}

inWorkbench("many entries in the workbench", (place) => {
  let isFull = false;
  beforeAll(async () => {
    if (isFull) return;
    isFull = true;
    const store = remote({ url: `${place.workbench.url}store` });
    const values = Array.from({ length: 100 }, (_, size) => new Uint8Array(size));
    for (let from = 0; from < number; from += 10_000) {
      await store.setMany(Array.from({ length: 10_000 }, (_, at) => [keyOf(from + at), values[(from + at) % 100]!]));
    }
    await store.close();
  });

  it("are listed once, scroll with the page, and only those in view are in it", async () => {
    const { page, counts, row, keys, button, search, match } = await place.open("remote");
    await counts("100,000 entries, 5.0 MB");
    const asked = listings(page);
    const lines = page.locator("#rows tr");
    const most = 60;
    assert.equal(await page.getByRole("table").getAttribute("aria-rowcount"), String(number + 1));
    for (const share of [0.25, 0.5, 0.75, 1]) {
      await page.evaluate((share) => scrollTo(0, document.documentElement.scrollHeight * share), share);
      const key = keyOf(Math.min(number - 1, number * share));
      await until(async () => (await keys()).some((found) => Math.abs(Number(found.slice(1)) - number * share) < 100));
      assert.ok((await lines.count()) < most, `${await lines.count()} at ${key}`);
    }
    await row(keyOf(number - 1)).waitFor();
    assert.equal(await row(keyOf(number - 1)).getAttribute("aria-rowindex"), String(number + 1));
    // What it shows of a value is there as well.
    await row(keyOf(number - 1))
      .getByRole("cell", { name: "binary" })
      .waitFor();
    await page.getByRole("button", { name: `Open ${keyOf(number - 1)}` }).focus();
    await page.keyboard.press("Home");
    await row(keyOf(0)).waitFor();

    await button("Size").click();
    await row(keyOf(99)).waitFor();
    assert.ok((await lines.count()) < most);
    await match.selectOption("contain it");
    await search.fill("9999");
    await counts("19 of 100,000 entries");
    await match.selectOption("begin with it");
    await search.fill("k0999");
    await counts("100 of 100,000 entries");
    assert.deepEqual(asked, []);
  });

  // What it proves is the page's own, the same in every engine.
  if (place.engine === "chromium") {
    it("can be searched and stopped before all are listed", async () => {
      const { page, entries, search, match, row, counts, button } = await place.open("memory");
      // From the fourth page on, the whole listing waits.
      let isHeld = true;
      let pages = 0;
      const asked = listings(page);
      await page.route("**/store/entries?*", async (route) => {
        const isWhole = !new URL(route.request().url()).searchParams.get("prefix");
        if (isWhole && ++pages > 4) await until(() => !isHeld);
        await route.continue().catch(() => {});
      });
      await page.getByRole("radio", { name: "Remote" }).check();
      const words = (text: RegExp) => entries.getByText(text).first().waitFor();
      await words(/^\d,000 entries listed so far…$/);
      await match.selectOption("contain it");
      await search.fill("00001");
      await words(/^11 keys found in \d,000 entries so far…$/);
      await match.selectOption("begin with it");
      await search.fill("k0999");
      await row(keyOf(99_900)).waitFor();
      await counts("100 found, ");
      assert.ok(asked.length < 10, `${asked.length} pages`);
      pages = 0;
      await search.fill("");
      await words(/^\d,000 entries listed so far…$/);
      await button("Stop").click();
      await words(/^\d,000 entries listed; more follow\.$/);
      isHeld = false;
      await button("Go on").click();
      await counts("100,000 entries, ");
      await page.unrouteAll({ behavior: "ignoreErrors" });
    });
  }
});
