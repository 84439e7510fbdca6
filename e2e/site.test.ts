// Builds the site of the documentation, follows every link of it, and reads it in a browser.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { root } from "../scripts/run.mjs";
import type { PlaywrightBrowser } from "./support/playwright.ts";
import { sharedBrowser } from "./support/shared.ts";
import { violationsNow } from "./workbench/axe.ts";
import { startWorkbench, type Workbench } from "./workbench/server.ts";

/** Reads each page of the site, by its path. */
function readPages(): Map<string, string> {
  const names = readdirSync(`${root}.site`, { recursive: true, encoding: "utf8" }).map((name) =>
    name.replaceAll("\\", "/"),
  );
  const pages = names.filter((name) => name.endsWith(".html")).sort();
  return new Map(pages.map((name) => [name, readFileSync(`${root}.site/${name}`, "utf8")]));
}

const decode = (text: string): string => decodeURIComponent(text.replaceAll("&amp;", "&"));

/** Lists the links of a page that lead to no page of the site, or to no place of it. */
function deadLinks(pages: Map<string, string>, name: string): string[] {
  const hrefs = [...pages.get(name)!.matchAll(/<a\b[^>]* href="([^"]+)"/g)].map(([, href]) => href!);
  return [...new Set(hrefs)].filter((href) => {
    if (/^(https?|mailto):/.test(href)) return false;
    const { pathname, hash } = new URL(href, `http://site/docs/${name}`);
    if (!pathname.startsWith("/docs/")) return true;
    const wanted = decode(pathname.slice("/docs/".length));
    const page = pages.get(wanted === "" || wanted.endsWith("/") ? join(wanted, "index.html") : wanted);
    return page === undefined || (hash !== "" && !page.includes(` id="${decode(hash.slice(1))}"`));
  });
}

/** Pages of each kind. */
const names = ["", "guide/lifetimes.html", "backends/indexeddb.html", "reference/store.html", "benchmarks.html"];

describe("the site of the documentation", () => {
  let workbench: Workbench;
  let pages: Map<string, string>;
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, ["scripts/docs.mjs", "--if-stale"], { cwd: root, maxBuffer: 1e8 });
    pages = readPages();
    workbench = await startWorkbench();
  }, 600_000);
  afterAll(() => workbench?.remove());

  it("has the pages of docs and those of the reference, none of which leads nowhere", () => {
    const docs = readdirSync(`${root}docs`, { recursive: true, encoding: "utf8" });
    const wanted = docs.filter((name) => name.endsWith(".md") && name !== "README.md");
    for (const name of [...wanted, "reference/store.md", "reference/over/getOrSet.md", "security.md"])
      assert.ok(pages.has(name.replace(/\.md$/, ".html")), name);
    const dead = [...pages.keys()].flatMap((name) => deadLinks(pages, name).map((href) => `${name}: ${href}`));
    assert.deepEqual(dead, []);
  });

  it("has each page at its address without the ending too, and no other", async () => {
    const ask = async (path: string) => {
      const { status, url } = await fetch(`${workbench.url}docs/${path}`);
      return [status, url.slice(workbench.url.length)];
    };
    assert.deepEqual(await ask("guide/lifetimes"), [200, "docs/guide/lifetimes.html"]);
    assert.deepEqual(await ask("guide/lifetime"), [404, "docs/guide/lifetime"]);
  });

  it("is read in Chromium without a request to another origin, or an error, in any width and light", async () => {
    const browser = (await sharedBrowser("chromium")) as PlaywrightBrowser;
    const tab = await browser.open("about:blank");
    const { page, errors } = tab;
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    await page.emulateMedia({ reducedMotion: "reduce" });
    const problems: string[] = [];
    for (const name of names) {
      await page.goto(`${workbench.url}docs/${name}`);
      for (const width of [320, 375, 820, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) problems.push(`${name}: ${wide} px in ${width}`);
      }
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForFunction((isDark) => document.documentElement.classList.contains("dark") === isDark, colorScheme === "dark"); // prettier-ignore
        // Colours are all that is other in dark.
        const options = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {};
        problems.push(...(await violationsNow(tab, options)).map((text) => `${name}, ${colorScheme}: ${text}`));
      }
    }
    assert.deepEqual(problems, []);
    // It could not, either.
    const other = workbench.url.replace("127.0.0.1", "localhost");
    const tried = page.evaluate((url) => fetch(url).then(String, () => "refused"), `${other}docs/icon.svg`);
    assert.equal(await tried, "refused");
    assert.deepEqual(
      errors.filter((error) => !error.includes(`${other}docs/icon.svg`)),
      [],
    );
    assert.deepEqual([...asked], [new URL(workbench.url).origin]);
    await tab.close();
  });

  it("finds getOrSet, by the keyboard", async () => {
    const browser = (await sharedBrowser("chromium")) as PlaywrightBrowser;
    const { page, errors, close } = await browser.open(`${workbench.url}docs/`);
    await page.getByRole("button", { name: "Search" }).first().click();
    await page.locator("#localsearch-input").fill("getOrSet");
    const first = page.locator(".VPLocalSearchBox .result").first();
    await first.getByText("getOrSet").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/reference\/over\/getOrSet|guide\/lifetimes/);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.deepEqual(errors, []);
    await close();
  });
});
