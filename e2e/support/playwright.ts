import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as engines from "playwright";
import { until } from "../../test/support/until.ts";
import { expressionOf } from "./expression.ts";
import { launchOptions } from "./launchOptions.ts";
import type { Browser, BrowserName, LaunchOptions, Page } from "./browser.ts";

/** A browser driven by Playwright, whose own page is there for what the narrow interface lacks. */
export interface PlaywrightBrowser extends Browser {
  readonly context: engines.BrowserContext;
  open(url: string): Promise<PlaywrightPage>;
  /** Opens a tab in a window beside, which keeps nothing, with a clock that goes on until `page.clock` stops it. */
  openWithClock(url: string): Promise<PlaywrightPage>;
}

export interface PlaywrightPage extends Page {
  readonly page: engines.Page;
}

/** Starts a browser through Playwright. */
export async function playwright(
  name: BrowserName,
  found: { path: string; isOurs: boolean },
  options: LaunchOptions,
): Promise<PlaywrightBrowser> {
  const settings = launchOptions(name, found, options);
  const { profile, incognito = false } = options;
  const folder = profile ?? (incognito ? undefined : await mkdtemp(join(tmpdir(), `shelflife-${name}-`)));
  const browser = folder === undefined ? await engines[name].launch(settings) : undefined;
  const context = browser ? await browser.newContext() : await engines[name].launchPersistentContext(folder!, settings);

  return {
    name,
    version: context.browser()?.version() ?? "",
    context,
    async open(url) {
      const page = await context.newPage();
      const errors = errorsOf(page);
      await page.goto(url);
      return wrap(page, errors);
    },
    async openWithClock(url) {
      // A clock is that of a whole context.
      const beside = await context.browser()!.newContext();
      const page = await beside.newPage();
      const errors = errorsOf(page);
      await page.clock.install();
      await page.goto(url);
      return { ...wrap(page, errors), close: () => beside.close() };
    },
    async close() {
      await context.close();
      await browser?.close();
      if (folder !== undefined && profile === undefined)
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

// Browsers note each answer of 400 and more, and each request without one, which is no error of the page's.
const note = /^Failed to load resource: (the server responded with a status of|net::ERR_)|CORS request did not succeed/;

/** Collects a page's uncaught errors and console errors from now on. */
function errorsOf(page: engines.Page): string[] {
  const errors: string[] = [];
  const add = (text: string): void => void (note.test(text) || errors.push(text));
  page.on("pageerror", (error) => add(String(error)));
  page.on("console", (message) => message.type() === "error" && add(message.text()));
  return errors;
}

function wrap(page: engines.Page, errors: string[]): PlaywrightPage {
  return {
    page,
    errors,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    async goBack() {
      // Its own goBack waits for a page that is loaded, and its url() knows nothing of one that was kept.
      const left = await page.evaluate("location.href");
      await page.evaluate("void setTimeout(() => history.back(), 50)");
      await until(async () => (await page.evaluate("location.href").catch(() => left)) !== left);
    },
    evaluate: async (run, ...args) => {
      const text = await page.evaluate(expressionOf(run, args));
      return text === undefined ? undefined : JSON.parse(text as string);
    },
    click: (selector) => page.locator(selector).first().click(),
    fill: (selector, text) => page.locator(selector).first().fill(text),
    press: (key) => page.keyboard.press(key === " " ? "Space" : key),
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  };
}
