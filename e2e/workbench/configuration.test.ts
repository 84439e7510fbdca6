import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inWorkbench } from "./driver.ts";

inWorkbench("stores of the workbench", ({ open }) => {
  it("opens a store by a configuration that one writes", async () => {
    const { page, configuration, button, says, stored, row, store } = await open("memory");
    await configuration.fill('{ "backend": "indexeddb", "parameters": { "database": "written by hand" } }');
    await button("Open store").click();
    await says("Opened indexeddb");
    await until(() => store("IndexedDB").isChecked());
    await stored({ key: "mine", value: "here" });
    await page.reload();
    await row("mine").waitFor();
    assert.match(await configuration.inputValue(), /written by hand/);
    await button("Reset").click();
    await row("mine").waitFor({ state: "detached" });
  });

  it("leaves the address to the configuration, and says so when it names none", async () => {
    const { page, configuration, stored, row } = await open("memory");
    await stored({ key: "stays", value: "here" });
    const address = page.url();
    const skip = page.getByRole("link", { name: "Skip to the entries" });
    await skip.focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement!.id), "list");
    assert.equal(page.url(), address);
    const problems = page.locator("#config-problems");
    for (const hash of ["list", "%", "%7B%22backend%22"]) {
      await page.evaluate((hash) => void (location.hash = hash), hash);
      await problems.getByText(`Invalid address: expected after its # one of memory,`).waitFor();
      await problems.getByText(`got "${hash}"`).waitFor();
      assert.match(await problems.innerText(), /^bad-config/);
    }
    assert.equal(JSON.parse(await configuration.inputValue()).backend, "memory");
    await row("stays").waitFor();
    await page.evaluate(() => void (location.hash = "localstorage"));
    await row("stays").waitFor({ state: "detached" });
    await until(async () => (await problems.innerText()) === "");
  });

  it("shows every problem of a configuration and leaves the open store be", async () => {
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
    await until(async () => (await configuration.getAttribute("aria-invalid")) === null);
  });
});
