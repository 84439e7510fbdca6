import { defineBrowserProvider } from "@vitest/browser";
import type { BrowserProviderOption } from "vitest/node";
import { launch } from "../support/launch.ts";
import type { Browser } from "../support/browser.ts";

/** A provider of vitest's browser mode for WebKit, which no driver of vitest's speaks to: one tab of ours. */
export function webkit(): BrowserProviderOption {
  return defineBrowserProvider({
    name: "webdriver",
    supportedBrowser: ["webkit"],
    options: {},
    providerFactory() {
      let browser: Promise<Browser> | undefined;
      return {
        name: "webdriver",
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(_session, url) {
          browser ??= launch("webkit");
          await (await browser).open(url);
        },
        async close() {
          await (await browser)?.close();
        },
      };
    },
  });
}
