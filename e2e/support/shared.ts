import type { Browser, BrowserName, LaunchOptions } from "./browser.ts";
import { launch } from "./launch.ts";

/** The running browsers of this process, each under its name and settings. */
type Running = Map<string, Promise<Browser>>;

// The environment that closes them is another instance of this module.
const key = Symbol.for("shelflife.e2e.browsers");
const running: Running = ((globalThis as { [key]?: Running })[key] ??= new Map());

/**
 * Returns the browser of these settings that the test files of a worker share. The first that asks starts it; the
 * worker's environment closes it. Tests share its profile too: what keeps them apart is the origin of their server.
 */
export function sharedBrowser(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
  // Only what an engine listens to makes another browser.
  const { incognito, preferences, backForwardCache } = options;
  const own = [incognito, name === "firefox" && preferences, name === "chromium" && backForwardCache];
  const settings = `${name} ${JSON.stringify(own.map((option) => option || null))}`;
  let browser = running.get(settings);
  if (!browser) {
    browser = start(name, options);
    running.set(settings, browser);
    browser.catch(() => running.delete(settings));
  }
  return browser;
}

async function start(name: BrowserName, options: LaunchOptions): Promise<Browser> {
  const browser = await launch(name, options);
  // One tab stays, since a browser whose last one closes may end.
  await browser.open("about:blank");
  return browser;
}

/** Closes the browsers of this process. */
export async function closeShared(): Promise<void> {
  const browsers = [...running.values()];
  running.clear();
  for (const browser of browsers) await browser.then(({ close }) => close()).catch(() => {});
}
