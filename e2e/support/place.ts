import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import type { CDPSession } from "playwright";
import type { Browser, BrowserName, LaunchOptions, Page } from "./browser.ts";
import { launch } from "./launch.ts";
import type { PlaywrightPage } from "./playwright.ts";
import { startServer, type TestServer } from "./server.ts";
import { sharedBrowser } from "./shared.ts";

export const engines = ["chromium", "firefox", "webkit"] as const satisfies BrowserName[];

/** A browser with an origin of its own, and the tabs of one test. */
export interface Place {
  readonly name: BrowserName;
  readonly browser: Browser;
  readonly server: TestServer;
  /** A name for a database that no other test uses. */
  database(): string;
  /** Opens a tab, at the place's page if nothing else is said. It closes with the test, which fails when an error went astray there. */
  open(path?: string): Promise<Page>;
}

/** What the tabs of a place open, and how the browser is set. Places of the same settings share a browser. */
export interface PlaceOptions extends Omit<LaunchOptions, "profile"> {
  /** A page of the project. */
  readonly page: string;
  /** What its server answers beside the project's files. */
  readonly routes?: Parameters<typeof startServer>[0];
  /** Whether the place has a browser to itself, which may come to harm. @default false */
  readonly alone?: boolean;
}

/** Defines tests that run in each of some engines. */
export function inEngines(
  title: string,
  engines: readonly BrowserName[],
  { page: path, routes, alone = false, ...options }: PlaceOptions,
  define: (place: Place) => void,
): void {
  describe.each(engines)(`${title} in %s`, (name) => {
    let server: TestServer;
    let browser: Browser;
    let pages: Page[] = [];
    let databases = 0;

    beforeAll(async () => {
      server = await startServer(routes);
      browser = await (alone ? launch : sharedBrowser)(name, options);
    });
    afterAll(async () => {
      if (alone) await browser?.close();
      await server.close();
    });
    afterEach(async () => {
      const all = pages;
      pages = [];
      const stray: string[] = [];
      for (const page of all) {
        stray.push(...page.errors, ...(await page.evaluate(strayThere)));
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
      async open(at = path) {
        const page = await browser.open(server.url + at);
        pages.push(page);
        return page;
      },
    });
  });
}

/** What a page noted as errors and rejections that nobody handled. */
const strayThere = (): string[] => (globalThis as { stray?: string[] }).stray ?? [];

/** Speaks Chromium's own protocol with a page. What a session sets lasts as long as it is not detached. */
export function cdp(page: Page): Promise<CDPSession> {
  const tab = (page as PlaywrightPage).page;
  return tab.context().newCDPSession(tab);
}

/** Settings for {@link openSmall}. Firefox has them in kB; an origin may have a fifth of it, and no less than 10 MB. */
export const smallDisk = { preferences: { "dom.quotaManager.temporaryStorage.fixedLimit": 51_200 } };

/** Opens a page whose origin may keep no more than some 20 MB. WebKit has no way to say so. */
export async function openSmall(place: Place): Promise<Page> {
  const page = await place.open();
  if (place.name === "chromium") {
    const session = await cdp(page);
    const { origin } = new URL(place.server.url);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 20_000_000 });
  }
  return page;
}
