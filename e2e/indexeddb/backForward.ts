import type { Page } from "../support/browser.ts";
import type { Place } from "../support/place.ts";
import { until } from "../../test/support/until.ts";
import { path } from "./driver.ts";

/**
 * Leaves a page for another, does something there, and comes back as by the browser's button. `isKept` says whether the
 * page is the one that was left, and not loaded again.
 */
export async function awayAndBack<R>(
  place: Place,
  page: Page,
  database: string,
  run: (database: string) => Promise<R>,
): Promise<{ result: R; isKept: boolean }> {
  await page.evaluate(() => {
    kept.isSame = true;
    addEventListener("pageshow", ({ persisted }) => (kept.persisted = persisted));
  });
  await page.goto(`${place.server.url}${path}?away`);
  const result = await page.evaluate(run, database);
  await page.goBack();
  let state: { isKept: boolean } | false | undefined;
  await until(async () => {
    state = await page
      .evaluate(
        () => location.search === "" && "kept" in globalThis && { isKept: !!kept.isSame && kept.persisted === true },
      )
      // The page is just being exchanged.
      .catch(() => undefined);
    return state;
  });
  return { result, isKept: (state as unknown as { isKept: boolean }).isKept };
}
