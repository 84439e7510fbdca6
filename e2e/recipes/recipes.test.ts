// The recipes of README with the real frameworks, in a page of two tabs.
import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import type { Page } from "../support/browser.ts";
import { inEngines } from "../support/place.ts";
import { bundleRecipes } from "./bundle.ts";

declare const recipes: {
  store: import("shelflife").Store<string>;
  people: import("shelflife/extras").Observed<ReadonlyMap<string, string>>;
  leave(): void;
};

const ids = ["react", "vue", "svelte", "solid", "plain"] as const;
const text = (body: string, type: string): Response => new Response(body, { headers: { "content-type": type } });
let bundle: Promise<string> | undefined;
const routes = {
  "/recipes/main.js": async () => text(await (bundle ??= bundleRecipes()), "text/javascript"),
  "/recipes/": () =>
    text(
      `<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/recipes/main.js"></script>`,
      "text/html",
    ),
};

/** What each framework shows in a tab. */
const shown = (page: Page): Promise<(string | undefined)[]> =>
  page.evaluate((...ids: string[]) => ids.map((id) => document.getElementById(id)?.textContent), ...ids);

async function expectShown(pages: readonly Page[], value: string): Promise<void> {
  for (const page of pages) await until(async () => (await shown(page)).every((each) => each === value));
}

inEngines("recipes", ["chromium"], { page: "recipes/", routes }, ({ open }) => {
  it("React, Vue, Svelte, Solid and the plain DOM show what two tabs write, until its deadline", async () => {
    const pages = [await open(), await open()] as const;
    await expectShown(pages, "");
    await pages[0].evaluate(() => recipes.store.setMany([["person/1", "Ada"], ["person/2", "Bob"], ["other", "Eve"]])); // prettier-ignore
    await expectShown(pages, "Ada, Bob");
    await pages[1].evaluate(() => recipes.store.set("person/2", "Bobby", { ttl: 400 }));
    await expectShown(pages, "Ada");
    assert.deepEqual(
      await shown(pages[0]),
      ids.map(() => "Ada"),
    );
    // Who has left is shown nothing more; Svelte's component has not.
    await pages[0].evaluate(() => recipes.leave());
    await pages[1].evaluate(() => recipes.store.set("person/3", "Cy"));
    await until(async () => (await shown(pages[0]))[2] === "Ada, Cy");
    const after = await shown(pages[0]);
    assert.deepEqual([after[3], after[4]], [null, "Ada"]);
    await expectShown([pages[1]], "Ada, Cy");
  });
});
