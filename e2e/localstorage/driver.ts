import type { BrowserName, Page } from "../support/browser.ts";
import { inEngines as inEnginesAt, type Place } from "../support/place.ts";
import { callsOf, type Call } from "../support/tab.ts";
import type { tab as Tab } from "./page.ts";

export const path = "e2e/localstorage/page.html";

export interface Tab {
  readonly page: Page;
  readonly call: Call<typeof Tab>;
}

/** Opens a tab of a place. */
export async function openTab(place: Place): Promise<Tab> {
  const page = await place.open();
  return { page, call: callsOf(page) };
}

/** The server of a place as another origin. */
export const elsewhere = ({ server }: Place): string => server.url.replace("localhost", "127.0.0.1");

/** Defines tests of tabs with a store in localStorage, which run in each of some engines. */
export function inEngines(
  engines: readonly BrowserName[],
  define: (place: Place) => void,
  routes?: Parameters<typeof inEnginesAt>[2]["routes"],
): void {
  inEnginesAt("localStorage", engines, { page: path, ...(routes && { routes }) }, define);
}
