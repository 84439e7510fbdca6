import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inWorkbench } from "./driver.ts";

inWorkbench("selection in the workbench", ({ open }) => {
  it("takes some, a range, or all that match, and deletes, restores and extends them", async () => {
    const { page, button, says, row, stored, search, match, entries, dialog, choose, isFocused, counts } =
      await open("memory");
    const press = (key: string) => page.keyboard.press(key);
    const check = (key: string) => page.getByRole("checkbox", { name: `Select ${key}`, exact: true });
    const bar = page.getByRole("group", { name: "Selected entries" });
    const selected = (words: string) => bar.getByText(words).waitFor();
    await button("Put 1,000 samples").click();
    await row("sample/01/0001").waitFor();
    await stored({ key: "other", value: "here", lifetime: "1 hour" });
    await check("sample/01/0002").check();
    await check("sample/01/0006").click({ modifiers: ["Shift"] });
    await selected("5 selected");
    await check("sample/01/0004").uncheck();
    await selected("4 selected");

    // By keyboard: a range, all, none.
    await press("Escape");
    await bar.waitFor({ state: "hidden" });
    await press("ArrowRight");
    await press("Shift+ArrowDown");
    await press("Shift+ArrowDown");
    await selected("3 selected");
    await press("Control+a");
    await selected("1,001 selected");
    await press("Escape");
    await press("Control+Space");
    await selected("1 selected");
    await press("ArrowLeft");
    assert.ok(await isFocused(check("sample/01/0006")));
    await press("Space");
    await bar.waitFor({ state: "hidden" });

    // All that match, and nothing else.
    await match.selectOption("contain it");
    await search.fill("/00");
    await counts("99 of 1,001 entries");
    const all = page.getByRole("checkbox", { name: "Select all" });
    await all.check();
    await selected("99 selected");
    await search.fill("other");
    await bar.waitFor({ state: "hidden" });
    await all.check();
    await selected("1 selected");
    await bar.getByRole("button", { name: "Extend…" }).click();
    await choose(dialog, "1 day");
    await dialog.getByRole("button", { name: "Set lifetime" }).click();
    await says("1 entry kept for 1 day");
    await row("other")
      .getByText(/^(1 d 00 h|23 h 59)/)
      .waitFor();

    // Deleted by Delete on one of them, taken back with values and deadlines.
    await search.fill("0001");
    await counts("1 of 1,001 entries");
    await search.fill("01/00");
    await counts("99 of 1,001 entries");
    await check("sample/01/0002").focus();
    const before = await row("sample/01/0002").innerText();
    await press("Control+a");
    await press("Delete");
    await says("Deleted 99 entries");
    await entries.getByText("No such key").waitFor();
    await press("Tab");
    assert.ok(await isFocused(page.locator("#undo")));
    await press("Enter");
    await says("Put 99 entries back");
    await counts("99 of 1,001 entries");
    await row("sample/01/0002").waitFor();
    const minute = /\d+ (h|min) \d\d (min|s)/;
    await until(
      async () => (await row("sample/01/0002").innerText()).replace(minute, "") === before.replace(minute, ""),
    );
    assert.match(await row("sample/01/0002").innerText(), minute);
  });

  it("asks first, with the number, where there are too many to be put back", async () => {
    const { page, button, says, dialog, entries, search, match, row, counts } = await open("memory");
    for (const batch of ["01", "02", "03"]) {
      await button("Put 1,000 samples").click();
      await says(`sample/${batch}/`);
    }
    await counts("3,000 entries,");
    await page.getByRole("checkbox", { name: "Select all" }).check();
    const bar = page.getByRole("group", { name: "Selected entries" });
    await bar.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("heading", { name: "Delete 3,000 entries?" }).waitFor();
    await page.keyboard.press("Escape");
    await bar.getByText("3,000 selected").waitFor();
    await bar.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await says("Deleted 3,000 entries");
    await entries.getByText("Nothing on the shelf").waitFor();
    await button("Put 1,000 samples").click();
    await row("sample/01/0001").waitFor();
    // What is cleared is what the search shows, whichever it is.
    await match.selectOption("contain it");
    await search.fill("01/0");
    await counts("999 of 1,000 entries");
    await button("Clear…").click();
    await says("Deleted 999 entries");
    await search.fill("");
    await row("sample/01/1000").waitFor();
  });
});
