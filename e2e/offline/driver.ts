import { afterAll, beforeAll } from "vitest";
import { until } from "../../test/support/until.ts";
import type { BrowserName, Page } from "../support/browser.ts";
import { inEngines as inEnginesAt, type Place, type PlaceOptions } from "../support/place.ts";
import { callsOf, type Call } from "../support/tab.ts";
import type { tab as Tab } from "./page.ts";
import { startStoreServer, type StoreServer } from "./server.ts";

export interface Tab {
  readonly page: Page;
  readonly call: Call<typeof Tab>;
}

/** A place whose tabs have an offline store, and the server that it is brought to. */
export interface Shore extends Place {
  readonly far: StoreServer;
  /** Opens a tab on a database. `isLeft` is said of one that ends otherwise than with the test. */
  tab(database: string, isLeft?: boolean): Promise<Tab>;
  /** Reads a value on the server. */
  there(key: string): Promise<string | undefined>;
}

/** The address of a page with a database and a server. */
export function pathOf(database: string, url: string): string {
  return `e2e/offline/page.html?${new URLSearchParams({ database, store: url })}`;
}

/** Reads a value past the pages, as soon as it can be had. */
export async function readThere({ store }: StoreServer, key: string): Promise<string | undefined> {
  const value = await store.find(key);
  return value && new TextDecoder().decode(value);
}

/** Defines tests of tabs with an offline store, which run in each of some engines. */
export function inEngines(
  title: string,
  engines: readonly BrowserName[],
  options: Omit<PlaceOptions, "page">,
  define: (shore: Shore) => void,
): void {
  inEnginesAt(title, engines, { page: "e2e/offline/page.html", ...options }, (place) => {
    let far: StoreServer;
    beforeAll(async () => void (far = await startStoreServer(new URL(place.server.url).origin)));
    afterAll(() => far?.remove());
    define({
      name: place.name,
      get browser() {
        return place.browser;
      },
      get server() {
        return place.server;
      },
      database: place.database,
      open: place.open,
      get far() {
        return far;
      },
      async tab(database, isLeft = false) {
        const path = pathOf(database, far.url);
        const page = isLeft ? await place.browser.open(place.server.url + path) : await place.open(path);
        return { page, call: callsOf(page) };
      },
      there: (key) => readThere(far, key),
    });
  });
}

/** Resolves when one context leads, and so many wait for that. */
export function untilLed({ call }: Pick<Tab, "call">, waiting: number): Promise<void> {
  return until(async () => String(await call("leaders")) === `1,${waiting}`);
}
