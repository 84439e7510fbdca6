import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Browser, Page } from "../support/browser.ts";
import { until } from "../../test/support/until.ts";
import { sharedBrowser } from "../support/shared.ts";
import { startWorkbench, type Workbench } from "./server.ts";

describe("workbench in webkit", () => {
  let workbench: Workbench;
  let browser: Browser;
  beforeAll(async () => {
    workbench = await startWorkbench();
    browser = await sharedBrowser("webkit");
  });
  afterAll(() => workbench?.remove());

  const textOf = (page: Page, selector: string): Promise<string> =>
    page.evaluate((selector) => document.querySelector<HTMLElement>(selector)?.innerText ?? "", selector);
  const shows = (page: Page, selector: string, words: RegExp): Promise<void> =>
    until(async () => words.test(await textOf(page, selector)));

  async function open(choice: string): Promise<Page> {
    const page = await browser.open(`${workbench.url}#${choice}`);
    await shows(page, "#live", /^live$/);
    return page;
  }

  /** Chooses in a list as a person does; the protocol has no word for it. */
  const choose = (page: Page, selector: string, value: string): Promise<void> =>
    page.evaluate(
      (selector, value) => {
        const select = document.querySelector<HTMLSelectElement>(selector)!;
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      },
      selector,
      value,
    );

  for (const choice of ["indexeddb", "localstorage", "remote"]) {
    it(`stores, counts down, survives a reload and informs another tab in ${choice}`, async () => {
      const page = await open(choice);
      await page.fill("#put [name=key]", "greeting");
      await page.fill("#put textarea", "Hello from WebKit");
      await choose(page, "#put select", "3600000");
      await page.click("#put .primary");
      await shows(page, "#rows", /greeting[^]*Hello from WebKit[^]*(59 min|1 h)/);

      await page.fill("#put [name=key]", "brief");
      await page.fill("#put textarea", "soon gone");
      await choose(page, "#put select", "custom");
      await page.fill("#put .custom input", "4");
      await page.click("#put .primary");
      await shows(page, "#rows", /brief[^]*[1-4] s/);
      await until(async () => !(await textOf(page, "#rows")).includes("brief"));

      await page.reload();
      await shows(page, "#rows", /greeting[^]*Hello from WebKit/);

      const other = await open(choice);
      await shows(other, "#rows", /greeting/);
      await page.click("#rows .delete");
      await shows(page, "#status", /Deleted greeting/);
      await shows(other, "#log", /delete\s+greeting/);
      await shows(other, "#list", /Nothing on the shelf/);
    });
  }

  it("says what is wrong", async () => {
    const page = await open("memory");
    await page.fill("#config textarea", '{ "backend": "memory", "parameters": { "maxEntries": 0, "shelf": 1 } }');
    // The driver takes what lies below the messages for seen.
    await page.evaluate(() => document.querySelector("#config button")!.scrollIntoView({ block: "center" }));
    await page.click("#config button");
    await shows(page, "#config-problems", /bad-config[^]*"maxEntries" must be a positive integer[^]*"shelf"/);
    assert.match(await textOf(page, "#persistence"), /gone on reload/);
  });
});
