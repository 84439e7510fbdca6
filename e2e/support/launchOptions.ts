import type { LaunchOptions as PlaywrightOptions } from "playwright";
import type { BrowserName, LaunchOptions } from "./browser.ts";

// Chromium's own connections stall in a closed network, and its sandbox does not start as root.
export const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How a browser is started through Playwright. */
export function launchOptions(
  name: BrowserName,
  { path, isOurs }: { path: string; isOurs: boolean },
  { preferences, backForwardCache = false }: LaunchOptions = {},
): PlaywrightOptions {
  const settings: PlaywrightOptions = { headless: true, executablePath: path };
  if (name === "chromium") settings.args = chromiumArguments;
  if (backForwardCache) settings.ignoreDefaultArgs = ["--disable-back-forward-cache"];
  if (preferences) settings.firefoxUserPrefs = preferences;
  // The system's Firefox lacks Playwright's patches and is driven by WebDriver BiDi.
  if (name === "firefox" && !isOurs) settings.channel = "moz-firefox";
  return settings;
}
