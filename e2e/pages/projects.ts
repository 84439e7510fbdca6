import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { playwright, PlaywrightBrowserProvider } from "@vitest/browser-playwright";
import type { TestProjectInlineConfiguration } from "vitest/config";
import type { BrowserInstanceOption, BrowserProviderOption } from "vitest/node";
import { browsers } from "../../scripts/browsers.mjs";
import { launchOptions } from "../support/launchOptions.ts";
import type { BrowserName } from "../support/browser.ts";
import { builtPackage } from "./builtPackage.ts";
import { webkit } from "./webkit.ts";

const everywhere = "e2e/**/*.page.test.ts";

/**
 * The tests that run inside a page. Each engine is a project of its name: `*.page.test.ts` runs in all of them,
 * `*.page.chromium.test.ts` in the one that it names.
 */
export const pages: TestProjectInlineConfiguration[] = [
  inPages("pages", throughPlaywright("chromium"), {
    name: "chromium",
    browser: "chromium",
    include: [everywhere, "e2e/**/*.page.chromium.test.ts"],
  }),
  inPages("pages of Firefox", throughPlaywright("firefox"), {
    name: "firefox",
    browser: "firefox",
    include: [everywhere],
  }),
  inPages("pages of WebKit", webkit(), { name: "webkit", browser: "webkit", include: [everywhere] }),
];

function inPages(
  name: string,
  provider: BrowserProviderOption,
  instance: BrowserInstanceOption,
): TestProjectInlineConfiguration {
  return {
    plugins: [builtPackage()],
    optimizeDeps: { include: ["idb", "localforage"] },
    // What is served as it is needs no transform ahead of its request.
    server: { preTransformRequests: false },
    test: {
      name,
      globalSetup: ["test/support/prepare.ts"],
      provide: { needs: ["browsers", "build", "peers"] },
      setupFiles: ["e2e/pages/setup.ts"],
      // Above what a Case may take.
      testTimeout: 150_000,
      hookTimeout: 60_000,
      // One file after the other in one profile on disk, as a person's: contexts side by side keep their data in memory.
      fileParallelism: false,
      browser: { enabled: true, headless: true, ui: false, screenshotFailures: false, provider, instances: [instance] },
    },
  };
}

/** Playwright with the browser and settings of the other tests, looked for only when the browser is wanted. */
function throughPlaywright(name: BrowserName): BrowserProviderOption {
  return {
    ...playwright(),
    providerFactory(project) {
      const found = browsers[name]();
      if (!found) throw new Error(`No ${name} on this machine: run "node scripts/setup.mjs browsers"`);
      const profile = mkdtempSync(join(tmpdir(), `shelflife-${name}-`));
      const options = { launchOptions: launchOptions(name, found), persistentContext: profile };
      const provider = new PlaywrightBrowserProvider(project, options);
      const close = provider.close.bind(provider);
      provider.close = async () => {
        await close();
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      };
      return provider;
    },
  };
}
