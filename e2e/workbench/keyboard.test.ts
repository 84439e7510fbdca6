import assert from "node:assert/strict";
import { it } from "vitest";
import type { Page } from "playwright";
import { until } from "../../test/support/until.ts";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("access to the workbench", ({ engine, open }) => {
  it("does everything by keyboard", async () => {
    const { page, row, says, dialog, isFocused, entries, put, button, text } = await open(database(`keys-${engine}`));
    const { press, tabTo } = keysOf(page);
    await page.locator("body").press("Tab");
    assert.equal(await focusedName(page), "Skip to the entries");
    await tabTo("Key");
    await page.keyboard.type("first");
    await tabTo("Value");
    await page.keyboard.type("by keyboard");
    await tabTo("Lifetime");
    await page.keyboard.type("1 hour");
    await tabTo("Put");
    await press("Enter");
    await says("Stored first for 1 hour");
    assert.ok(await isFocused(put.getByRole("textbox", { name: "Key" })));
    await page.keyboard.type("second");
    await tabTo("Value");
    await page.keyboard.type("too");
    await press("Control+Enter");
    await row("second").waitFor();

    await tabTo("Open first");
    await press("ArrowDown");
    assert.equal(await focusedName(page), "Open second");
    await press("Home");
    await press("Enter");
    await dialog.waitFor();
    assert.equal(await text(), "by keyboard");
    await press("Control+a");
    await page.keyboard.type("edited by keyboard");
    await press("Control+Enter");
    await dialog.waitFor({ state: "hidden" });
    await row("first").getByText("edited by keyboard").waitFor();
    assert.equal(await focusedName(page), "Open first");

    await press("Delete");
    await says("Deleted first");
    await row("first").waitFor({ state: "detached" });
    assert.equal(await focusedName(page), "Open second");
    // What takes it back is one step away, and one back.
    await press("Tab");
    assert.equal(await focusedName(page), "Undo");
    await press("Shift+Tab");
    assert.equal(await focusedName(page), "Open second");
    await press("Tab");
    await press("Enter");
    await row("first").waitFor();
    await until(async () => (await focusedName(page)) === "Open first");
    await press("ArrowRight");
    assert.equal(await focusedName(page), "Extend first");
    await press("ArrowDown");
    assert.equal(await focusedName(page), "Extend second");

    await button("Clear…").focus();
    await press("Enter");
    await tabTo("Clear");
    await press("Enter");
    await entries.getByText("Nothing on the shelf").waitFor();
  });

  // In Chromium: driven as it is here, Firefox does not take each Enter for a click. The test above runs in both.
  it.runIf(engine === "chromium")(
    "chooses a store, extends, takes back, configures and copies code by keyboard",
    async () => {
      const { page, row, says, dialog, put, errors, isFocused, configuration } = await open("memory");
      const { press, tabTo } = keysOf(page);
      await tabTo("This store in code");
      await press("Enter");
      await tabTo("Module");
      await press("ArrowRight");
      await tabTo("Copy");
      await press("Enter");
      await says("Copied the code");

      await tabTo("Memory");
      await press("ArrowRight");
      await says("Opened indexeddb");
      await tabTo("Text");
      await press("ArrowRight");
      await tabTo("Key");
      await page.keyboard.type("config");
      await tabTo("Value");
      await page.keyboard.type('{ "a": 1 }');
      await press("Control+Enter");
      await row("config").getByText('{"a":1}').waitFor();
      await tabTo("Open config");
      await press("ArrowRight");
      assert.equal(await focusedName(page), "Extend config");
      await press("Enter");
      await dialog.waitFor();
      assert.equal(await focusedName(page), "Lifetime");
      await page.keyboard.type("1 day");
      await tabTo("Set lifetime");
      await press("Enter");
      await says("config is kept for 1 day");
      await press("Escape");
      assert.equal(await focusedName(page), "Extend config");
      await press("Delete");
      await says("Deleted config");
      await row("config").waitFor({ state: "detached" });
      await press("Control+z");
      await row("config").waitFor();
      await until(async () => (await focusedName(page)) === "Open config");

      await tabTo("Configuration as JSON");
      await press("Control+a");
      await page.keyboard.type('{ "backend": "memory", "parameters": { "maxBytes": 50 } }');
      await press("Control+Enter");
      await says("Opened memory");
      assert.ok(await isFocused(configuration));
      await tabTo("Key");
      await page.keyboard.type("big");
      await tabTo("Value");
      await page.keyboard.type(`"${"x".repeat(60)}"`);
      await press("Control+Enter");
      await errors.first().waitFor();
      assert.ok(await isFocused(put.getByRole("textbox", { name: "Value" })));
      await tabTo("Dismiss");
      await press("Enter");
      await errors.waitFor({ state: "detached" });
    },
  );
});

/** The keys of a page: `tabTo` goes on to the element with this name, as one does who cannot see where it is. */
function keysOf(page: Page) {
  const press = (key: string): Promise<void> => page.keyboard.press(key);
  const tabTo = async (name: string): Promise<void> => {
    const seen: string[] = [];
    for (let steps = 0; steps < 80; steps++) {
      await press("Tab");
      seen.push(await focusedName(page));
      if (seen.at(-1) === name) return;
    }
    assert.fail(`Tab does not lead to "${name}", but to ${seen.join(", ")}`);
  };
  return { press, tabTo };
}

/** Reads the accessible name of what has the focus. */
function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    const label = element?.labels?.[0]?.querySelector("span")?.textContent;
    const text = [...(element?.childNodes ?? [])].filter((node) => !(node as Element).ariaHidden);
    return (element?.getAttribute("aria-label") ?? label ?? text.map((node) => node.textContent).join("")).trim();
  });
}
