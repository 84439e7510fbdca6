import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { until } from "../../test/support/until.ts";
import type { Page } from "../support/browser.ts";
import { engines } from "../support/place.ts";
import type { PlaywrightPage } from "../support/playwright.ts";
import { sharedBrowser } from "../support/shared.ts";
import { violations } from "./axe.ts";
import { startWorkbench, type Workbench } from "./server.ts";

/** Whether something that can be seen fits a selector. */
const isSeen = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate(
    (selector) => [...document.querySelectorAll(selector)].some((element) => element.checkVisibility()),
    selector,
  );
const sees = (page: Page, selector: string): Promise<void> => until(() => isSeen(page, selector));
/** Clicks from within the page, which every driver can. */
const click = (page: Page, selector: string): Promise<void> =>
  page.evaluate((selector) => document.querySelector<HTMLElement>(selector)!.click(), selector);

/** Replaces what a field contains, also with nothing, and where a dialog is before it. */
const fill = (page: Page, selector: string, text: string): Promise<void> =>
  page.evaluate(
    (selector, text) => {
      const field = document.querySelector<HTMLInputElement>(selector)!;
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    selector,
    text,
  );

async function enter(page: Page, key: string, value: string, kind = "text"): Promise<void> {
  await click(page, `#put [name=kind][value=${kind}]`);
  await fill(page, "#put [name=key]", key);
  await fill(page, "#put textarea", value);
  await click(page, "#put .primary");
}

/** Chooses a file to import that is cut and damaged. */
const chooseDamaged = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const lines = ['{"shelflife":"export","version":1,"prefix":""}', '{"key":"a","text":"x"}', "damaged", ""];
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([lines.join("\n")], "cut.jsonl"));
    const input = document.querySelector<HTMLInputElement>("#import-file")!;
    input.files = dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });

/** Looks at what is done with many entries. */
async function lookAtMany(page: Page, look: (state: string) => Promise<void>): Promise<void> {
  await click(page, "#select-all");
  await sees(page, "#selected");
  await click(page, "#rows .more");
  await sees(page, "#menu");
  await look("selection and menu");
  await page.evaluate(() => document.querySelector<HTMLElement>("#menu")!.hidePopover());
  await click(page, "#selected-extend");
  await sees(page, "#extend-many");
  await look("a lifetime of many");
  await click(page, "#extend-many [value=cancel]");
  await chooseDamaged(page);
  await sees(page, "#import-dialog .keys");
  await look("import");
  await click(page, "#import-dialog [value=cancel]");
}

describe.each(engines)("access to the workbench in %s", (engine) => {
  let workbench: Workbench;
  let page: Page | undefined;
  beforeAll(async () => void (workbench = await startWorkbench()));
  afterAll(() => workbench?.remove());
  afterEach(async () => {
    await page?.close();
    page = undefined;
  });

  async function open(config: string | object): Promise<Page> {
    const hash = typeof config === "string" ? config : encodeURIComponent(JSON.stringify(config));
    page = await (await sharedBrowser(engine)).open(`${workbench.url}#${hash}`);
    await sees(page, "#live[data-state=live]");
    // Nothing half faded.
    await page.evaluate(() => {
      const still = new CSSStyleSheet();
      still.replaceSync("* { animation: none !important; transition: none !important; }");
      document.adoptedStyleSheets = [still];
    });
    return page;
  }

  it("has nothing in anybody's way, in any view and state", async () => {
    const page = await open({ backend: "memory", parameters: { maxBytes: 200_000 } });
    const found: string[] = [];
    const look = async (state: string): Promise<void> => {
      for (const line of await violations(page)) found.push(`${state}: ${line}`);
    };
    await sees(page, "#empty");
    await look("empty");

    await click(page, "#samples");
    await sees(page, "#rows tr");
    await enter(page, "a", "text");
    await enter(page, "json", '{ "a": [1, 2] }', "json");
    await sees(page, "#rows [aria-label='Open json']");
    await look("list");

    await enter(page, "", "x");
    await sees(page, "#put .problem");
    await enter(page, "big", "x".repeat(250_000));
    await sees(page, "#errors li");
    await fill(page, "#config textarea", '{ "backend": "memory", "parameters": { "maxBytes": 0, "x": 1 } }');
    await click(page, "#config button");
    await sees(page, "#config-problems li");
    await click(page, "#code-title");
    await sees(page, "#code-lines");
    await look("errors, configuration and code");

    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "one.txt"));
      dataTransfer.items.add(new File(["x"], "two.txt"));
      dispatchEvent(new DragEvent("dragenter", { dataTransfer }));
    });
    await sees(page, "#drop-target");
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "one.txt"));
      dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    });
    await sees(page, "#chosen li");
    await look("files");

    await click(page, "[aria-label='Open json']");
    await sees(page, "#entry");
    await fill(page, "#entry textarea", "{ not JSON");
    await click(page, "#entry-edit .primary");
    await sees(page, "#entry .problem");
    await look("edit");
    await enter(page, "json", "another");
    await sees(page, "#entry-note button");
    await fill(page, "#entry textarea", "{}");
    await click(page, "#entry-edit .primary");
    await sees(page, "#entry #errors li");
    await look("conflict in the dialog");
    await click(page, "#entry [aria-label=Close]");

    await lookAtMany(page, look);

    await click(page, "#clear");
    await sees(page, "#confirm");
    await look("confirm");
    assert.deepEqual(found, []);
    if (engine === "webkit") return;

    await click(page, "#confirm [value=cancel]");
    await (page as PlaywrightPage).page.setViewportSize({ width: 375, height: 700 });
    await look("narrow");
    assert.deepEqual(found, []);
  });

  it("has nothing in anybody's way where two sides differ", async () => {
    const key = `both-${engine}`;
    const page = await open("offline");
    await sees(page, "#offline-status[data-state=good]");
    await enter(page, key, "agreed");
    await sees(page, `#rows [aria-label='Open ${key}']`);
    await sees(page, "#offline-status[data-state=good]");
    await click(page, "#cut");
    await sees(page, "#offline-status[data-state=away]");
    const response = await fetch(`${workbench.url}store/entry?key=${key}`, { method: "PUT", body: "theirs" });
    assert.ok(response.ok, String(response.status));
    await enter(page, key, '{"mine":true}', "json");
    await until(() => page.evaluate(() => /1 key waits/.test(document.querySelector("#offline-status")!.textContent)));
    await click(page, "#cut");
    await sees(page, "#conflicts li");
    assert.deepEqual(await violations(page), []);
  });
});
