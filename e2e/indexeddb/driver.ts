import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import type { CDPSession } from "playwright";
import { launch } from "../support/launch.ts";
import type { Browser, BrowserName, LaunchOptions, Page } from "../support/browser.ts";
import type { PlaywrightPage } from "../support/playwright.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** A browser with the pages of one test, each of which has `shelf`. */
export interface Place {
  readonly name: BrowserName;
  readonly browser: Browser;
  readonly server: TestServer;
  /** A database that no other test uses. */
  database(): string;
  /** Opens a tab; it closes with the test, which fails when an error went astray there. */
  open(path?: string): Promise<Page>;
}

/** Defines tests that run in each of some engines, in a browser of their own. */
export function inEngines(
  title: string,
  engines: readonly BrowserName[],
  options: LaunchOptions,
  define: (place: Place) => void,
): void {
  for (const name of engines) {
    describe(`${title} in ${name}`, { timeout: 300_000 }, () => {
      let server: TestServer;
      let browser: Browser;
      let pages: Page[] = [];
      let databases = 0;

      beforeAll(async () => {
        server = await startServer();
        browser = await launch(name, options);
        // One tab stays, since a browser whose last one closes may end.
        await browser.open(`${server.url}e2e/indexeddb/page.html`);
      });
      afterAll(async () => {
        await browser.close();
        await server.close();
      });
      afterEach(async () => {
        const all = pages;
        pages = [];
        const stray: string[] = [];
        for (const page of all) {
          stray.push(...page.errors, ...(await page.evaluate(() => globalThis.shelf?.stray ?? [])));
          await page.close();
        }
        assert.deepEqual(stray, []);
      });

      define({
        name,
        get browser() {
          return browser;
        },
        get server() {
          return server;
        },
        database: () => `test${++databases}`,
        async open(path = "e2e/indexeddb/page.html") {
          const page = await browser.open(server.url + path);
          pages.push(page);
          return page;
        },
      });
    });
  }
}

/** Speaks Chromium's own protocol with a page. What a session sets lasts as long as it is not detached. */
export function cdp({ page }: PlaywrightPage): Promise<CDPSession> {
  return page.context().newCDPSession(page);
}
