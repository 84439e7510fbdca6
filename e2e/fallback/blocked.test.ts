// Where a person's settings forbid a page to store anything, or IndexedDB alone.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "vitest";
import type { LaunchOptions } from "../support/browser.ts";
import { launch } from "../support/launch.ts";
import { inEngines } from "../support/place.ts";
import { startServer } from "../support/server.ts";
import { callsOf } from "../support/tab.ts";
import type { tab as Tab } from "./page.ts";

const path = "e2e/fallback/page.html";
const none = {};

/** How each engine blocks cookies, by what is in its profile or by its own settings. */
const blocking: Record<"chromium" | "firefox", { profile: object; options: LaunchOptions }> = {
  chromium: { profile: { profile: { default_content_setting_values: { cookies: 2 } } }, options: none },
  firefox: { profile: none, options: { preferences: { "network.cookie.cookieBehavior": 2 } } },
};

for (const name of ["chromium", "firefox"] as const) {
  it(`goes on in memory where ${name} blocks cookies, and with them all storage`, async () => {
    const profile = await mkdtemp(join(tmpdir(), "shelflife-profile-"));
    await mkdir(join(profile, "Default"));
    await writeFile(join(profile, "Default/Preferences"), JSON.stringify(blocking[name].profile));
    const server = await startServer();
    const browser = await launch(name, { ...blocking[name].options, profile });
    try {
      const page = await browser.open(server.url + path);
      assert.deepEqual(await callsOf<typeof Tab>(page)("useEither", "blocked"), [2, false, "kept"]);
      assert.deepEqual(page.errors, []);
    } finally {
      await browser.close();
      await server.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

// As Firefox had it until version 115. Elsewhere a private window has IndexedDB like any other: e2e/indexeddb/private.test.ts.
const withoutDatabases = { "browser.privatebrowsing.autostart": true, "dom.indexedDB.privateBrowsing.enabled": false };

inEngines("fallback in a private window without IndexedDB", ["firefox"], { page: path, incognito: true, preferences: withoutDatabases }, (place) => {
  it("goes on in localStorage", async () => {
    const call = callsOf<typeof Tab>(await place.open());
    assert.deepEqual(await call("useEither", place.database()), [1, true, "kept"]);
  });
}); // prettier-ignore
