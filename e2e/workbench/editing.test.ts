import assert from "node:assert/strict";
import { it } from "vitest";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("workbench", ({ engine, open }) => {
  it("edits, extends and deletes, and takes a deletion back", async () => {
    const { stored, row, page, dialog, text, says, button, choose, entries, isFocused } = await open(
      database(`edit-${engine}`),
    );
    await stored({ key: "note", value: "first", lifetime: "1 minute" });
    await page.getByRole("button", { name: "Open note" }).click();
    assert.equal(await text(), "first");
    await dialog.getByRole("textbox", { name: "Value" }).fill("second, longer");
    await dialog.getByRole("button", { name: "Save" }).click();
    await says("Saved note, 14 B");
    await row("note").getByText("second, longer").waitFor();
    await row("note")
      .getByText(/^(59|60) s$|^1 min/)
      .waitFor();
    assert.ok(await isFocused(page.getByRole("button", { name: "Open note" })));

    await page.getByRole("button", { name: "Extend note" }).click();
    await choose(dialog, "1 hour");
    await dialog.getByRole("button", { name: "Set lifetime" }).click();
    await dialog.getByText(/expires in (1 h|59 min)/).waitFor();
    await page.keyboard.press("Escape");
    await row("note")
      .getByText(/^(1 h|59 min)/)
      .waitFor();

    await page.getByRole("button", { name: "Delete note" }).click();
    await says("Deleted note");
    await entries.getByText("Nothing on the shelf").waitFor();
    await button("Undo").click();
    await row("note").getByText("second, longer").waitFor();
    await row("note")
      .getByText(/^(1 h|59 min)/)
      .waitFor();
  });

  it("does not save over what somebody else stored meanwhile", async () => {
    const one = await open(database(`conflict-${engine}`));
    await one.stored({ key: "shared", value: "ours" });
    const other = await open(database(`conflict-${engine}`));
    await one.page.getByRole("button", { name: "Open shared" }).click();
    await one.dialog.getByRole("textbox", { name: "Value" }).fill("mine");
    await other.enter({ key: "shared", value: "theirs" });
    await one.dialog.getByText("Another value was stored meanwhile").waitFor();
    await one.dialog.getByRole("button", { name: "Save" }).click();
    await one.dialog.getByText("conflict").waitFor();
    await one.dialog.getByRole("button", { name: "Show it" }).click();
    assert.equal(await one.text(), "theirs");
  });
});
