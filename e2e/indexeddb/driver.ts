import type { BrowserName } from "../support/browser.ts";
import { inEngines as inEnginesAt, type Place, type PlaceOptions } from "../support/place.ts";

/** The page whose tabs have `shelf`. */
export const path = "e2e/indexeddb/page.html";

/** Defines tests, whose tabs have `shelf`, that run in each of some engines. */
export function inEngines(
  title: string,
  engines: readonly BrowserName[],
  options: Omit<PlaceOptions, "page">,
  define: (place: Place) => void,
): void {
  inEnginesAt(title, engines, { page: path, ...options }, define);
}
