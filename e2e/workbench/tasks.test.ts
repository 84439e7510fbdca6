import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inWorkbench, type Place } from "./driver.ts";
import { focusedName, keysOf } from "./keys.ts";

// Driven as it is here, Firefox does not take each Enter for a click.
const engines = ["chromium"] as const;

function tasks({ open }: Place): void {
  it("chooses a store, extends, takes back, configures and copies code by keyboard", async () => {
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
  });
}

inWorkbench("access to the workbench", tasks, undefined, engines);
