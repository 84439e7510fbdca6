import { playwright } from "./playwright.ts";
import { webdriver } from "./webdriver.ts";
import { browsers } from "../../scripts/browsers.mjs";
import type { Browser, BrowserName, LaunchOptions } from "./browser.ts";

/** Starts a browser: the system's own, or the one that Playwright downloaded. */
export async function launch(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
  const found = browsers[name]();
  if (!found) throw new Error(`No ${name} on this machine: run "node scripts/setup.mjs browsers"`);
  const { path, driver, display } = found;
  return driver && display ? webdriver({ path, driver, display }) : playwright(name, found, options);
}
