import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { database, inWorkbench } from "./driver.ts";
import { focusedName, keysOf } from "./keys.ts";

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
});
