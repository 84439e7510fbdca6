import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import type { Page } from "playwright";
import type { PlaywrightBrowser, PlaywrightPage } from "../support/playwright.ts";
import { sharedBrowser } from "../support/shared.ts";
import { startWorkbench, type Workbench } from "./server.ts";
import { onPage, type View } from "./view.ts";

export type Engine = "chromium" | "firefox";
export type Tab = { readonly page: Page } & View;

/** A workbench and a browser, the same for the tests of a file. */
export interface Place {
  readonly engine: Engine;
  readonly workbench: Workbench;
  /** Opens a tab with a store: the name of a choice, or a configuration of its own. */
  open(config: string | object): Promise<Tab>;
  /** Opens a tab of which nothing is kept, with a clock that goes on until it is frozen. */
  openWithClock(config: string | object): Promise<Tab>;
  /** Closes the tabs, as after each test. Fails when one of them had anything to complain of but what is expected. */
  close(expected?: RegExp): Promise<void>;
}

/** How the browser of a place is started and ended. @default one that is shared */
export interface PlaceOptions {
  start(engine: Engine): Promise<PlaywrightBrowser>;
  end(): Promise<void>;
}

const shared: PlaceOptions = {
  start: async (engine) => (await sharedBrowser(engine)) as PlaywrightBrowser,
  end: async () => {},
};

/** Defines tests of the workbench that run in each engine whose pages can be driven by what they show. */
export function inWorkbench(
  title: string,
  define: (place: Place) => void,
  { start, end } = shared,
  engines: readonly ("chromium" | "firefox")[] = ["chromium", "firefox"],
): void {
  let workbench: Workbench;
  beforeAll(async () => void (workbench = await startWorkbench()));
  afterAll(() => workbench?.remove());

  describe.each(engines)(`${title} in %s`, (engine) => {
    let opened: PlaywrightPage[] = [];

    async function close(expected?: RegExp): Promise<void> {
      const errors = opened.flatMap((tab) => tab.errors).filter((error) => !expected?.test(error));
      await Promise.all(opened.map((tab) => tab.close()));
      opened = [];
      assert.deepEqual(errors, []);
    }

    async function show(config: string | object, how: "open" | "openWithClock"): Promise<Tab> {
      const hash = typeof config === "string" ? config : encodeURIComponent(JSON.stringify(config));
      const browser = await start(engine);
      const tab = await browser[how](`${workbench.url}#${hash}`);
      opened.push(tab);
      await tab.page.getByText("live", { exact: true }).waitFor();
      return { page: tab.page, ...onPage(tab.page) };
    }

    afterEach(() => close());
    afterAll(end);

    define({
      engine,
      get workbench() {
        return workbench;
      },
      open: (config) => show(config, "open"),
      openWithClock: (config) => show(config, "openWithClock"),
      close,
    });
  });
}

/** The configuration of an IndexedDB store that a test has for itself. */
export const database = (name: string): object => ({ backend: "indexeddb", parameters: { database: name } });
