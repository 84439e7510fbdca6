import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { createTabs, database, startBrowser, startWorkbench, until, type Workbench } from "./driver.ts";

let workbench: Workbench;
beforeAll(async () => (workbench = await startWorkbench()));
afterAll(() => workbench?.remove());

for (const engine of ["chromium", "firefox"] as const) {
  describe(`stores of the workbench in ${engine}`, { timeout: 300_000 }, () => {
    let browser: PlaywrightBrowser;
    let profile: string;
    const tabs = createTabs(
      () => workbench,
      () => browser,
    );
    const { open } = tabs;

    beforeAll(async () => {
      profile = await mkdtemp(join(tmpdir(), `shelflife-profile-${engine}-`));
      browser = await startBrowser(engine, { profile });
    });
    afterAll(async () => {
      await browser?.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    afterEach(() => tabs.close());

    it("keeps values and deadlines over a reload and a restart of the browser", async () => {
      const first = await open(database("survives"));
      await first.stored({ key: "kept", value: "for an hour", lifetime: "1 hour" });
      const end = Date.now() + 12_000;
      await first.stored({ key: "brief", value: "for seconds", lifetime: 12 });
      await first.page.reload();
      await first.row("kept").getByText("for an hour").waitFor();
      await first
        .row("brief")
        .getByText(/^\d+ s$/)
        .waitFor();
      await tabs.close();
      await browser.close();
      browser = await startBrowser(engine, { profile });
      const second = await open(database("survives"));
      await second
        .row("kept")
        .getByText(/^59 min/)
        .waitFor();
      await second.row("brief").waitFor({ state: "detached" });
      assert.ok(Date.now() >= end, "it went before its deadline");
    });

    for (const [name, config] of Object.entries({
      IndexedDB: "indexeddb",
      localStorage: "localstorage",
      Remote: "remote",
    })) {
      it(`shows in one tab what another does in ${name}`, async () => {
        const one = await open(config);
        const other = await open(config);
        const key = `shared-${engine}`;
        await one.stored({ key, value: "first", lifetime: "10 minutes" });
        await other.row(key).getByText("first").waitFor();
        await other.log.getByRole("listitem").filter({ hasText: key }).filter({ hasText: "set" }).waitFor();
        await other.enter({ key, value: "second" });
        await one.row(key).getByText("second").waitFor();
        await one.row(key).getByText("never").waitFor();
        await one.page.getByRole("button", { name: `Open ${key}`, exact: true }).click();
        await other.page.getByRole("button", { name: `Delete ${key}`, exact: true }).click();
        await one.dialog.getByText("has expired or was deleted").waitFor();
        await one.page.keyboard.press("Escape");
        await one.row(key).waitFor({ state: "detached" });
        await one.log.getByRole("listitem").filter({ hasText: key }).filter({ hasText: "delete" }).waitFor();
      });
    }

    it("keeps each store apart when one switches between them", async () => {
      const { page, store, stored, row, entries, configuration, says } = await open("memory");
      const key = `where-${engine}`;
      await stored({ key, value: "memory" });
      for (const [name, backend] of [
        ["IndexedDB", "indexeddb"],
        ["localStorage", "localstorage"],
        ["sessionStorage", "sessionstorage"],
        ["Remote", "http"],
      ] as const) {
        await store(name).check();
        await says(`Opened ${backend}`);
        assert.equal(JSON.parse(await configuration.inputValue()).backend, backend);
        await row(key).waitFor({ state: "detached" });
        await stored({ key, value: name });
      }
      for (const name of ["sessionStorage", "localStorage", "IndexedDB", "Remote"]) {
        await store(name).check();
        await row(key).getByText(name, { exact: true }).waitFor();
      }
      await page.reload();
      await row(key).getByText("Remote", { exact: true }).waitFor();
      await store("sessionStorage").check();
      await row(key).getByText("sessionStorage", { exact: true }).waitFor();
      await page.reload();
      await row(key).getByText("sessionStorage", { exact: true }).waitFor();
      await store("Memory").check();
      await entries.getByText("Nothing on the shelf").waitFor();
      await entries.getByText("gone on reload").waitFor();
    });

    it("opens a store by a configuration that one writes", async () => {
      const { page, configuration, button, says, stored, row, store } = await open("memory");
      await configuration.fill('{ "backend": "indexeddb", "parameters": { "database": "written by hand" } }');
      await button("Open store").click();
      await says("Opened indexeddb");
      await until("its choice is marked", () => store("IndexedDB").isChecked());
      await stored({ key: "mine", value: "here" });
      await page.reload();
      await row("mine").waitFor();
      assert.match(await configuration.inputValue(), /written by hand/);
      await button("Reset").click();
      await row("mine").waitFor({ state: "detached" });
    });

    it("tells every problem of a configuration and leaves the open store be", async () => {
      const { page, configuration, button, stored, row, isFocused } = await open("memory");
      await stored({ key: "stays", value: "here" });
      const problems = page.getByRole("region", { name: "Configuration" });
      const attempt = async (text: string, ...wanted: string[]) => {
        await configuration.fill(text);
        await button("Open store").click();
        for (const words of wanted) await problems.getByText(words).waitFor();
        assert.ok(await isFocused(configuration));
        assert.equal(await configuration.getAttribute("aria-invalid"), "true");
      };
      await attempt(
        '{ "backend": "memory", "parameters": { "maxEntries": -1, "maxBytes": "x", "colour": "red" } }',
        "bad-config",
        'option "maxEntries" must be a positive integer, got -1',
        'option "maxBytes" must be a positive integer, got "x"',
        'option "colour" must be left out',
      );
      await attempt('{ "backend": "valkey" }', 'Unknown backend "valkey": expected one of');
      await attempt('{ "backend": ', "The configuration is not JSON");
      await attempt("null", "Unknown backend");
      await row("stays").waitFor();
      await button("Reset").click();
      await until("the problem is gone", async () => (await configuration.getAttribute("aria-invalid")) === null);
    });

    it("says that the server is away, and goes on when it is back", async () => {
      const { page, stored, enter, row, errors } = await open("remote");
      const [before, after] = [`before-${engine}`, `after-${engine}`];
      await stored({ key: before, value: "kept by the server" });
      assert.equal(await workbench.stop(), 0);
      await page.getByText("not live", { exact: true }).waitFor();
      await enter({ key: after, value: "lost" });
      await errors.filter({ hasText: "unavailable" }).first().waitFor();
      await row(before).getByText("kept by the server").waitFor();
      await workbench.start();
      await page.getByText("live", { exact: true }).waitFor();
      await stored({ key: after, value: "arrived" });
      await row(before).getByText("kept by the server").waitFor();
      // The browser itself complains of requests that get no answer.
      await tabs.close(/Failed to load|ERR_|NetworkError|Cross-Origin Request|status code: \(null\)/);
    });
  });
}
