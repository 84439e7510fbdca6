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
    const lifetime = dialog.getByRole("combobox", { name: "Lifetime" });
    // The shortest that is longer than what is left.
    const chosen = () => lifetime.evaluate((node) => (node as HTMLSelectElement).selectedOptions[0]!.text);
    assert.match(await chosen(), /^(1 minute|10 minutes)$/);
    await choose(dialog, "10 seconds");
    await dialog.getByText(/^Expires (today|on .*) at \d\d:\d\d:\d\d, \d+ s earlier than now$/).waitFor();
    await choose(dialog, "1 hour");
    await dialog.getByText(/^Expires .* at \d\d:\d\d:\d\d, (59 min|1 h) .* later than now$/).waitFor();
    await dialog.getByRole("button", { name: "Set lifetime" }).click();
    await dialog.getByText(/expires in (1 h|59 min)/).waitFor();
    await page.keyboard.press("Escape");
    await row("note")
      .getByText(/^(1 h|59 min)/)
      .waitFor();
    await page.getByRole("button", { name: "Extend note" }).click();
    assert.match(await chosen(), /^1 (hour|day)$/);
    await choose(dialog, 0);
    await dialog.getByRole("button", { name: "Set lifetime" }).click();
    await dialog.getByText("Invalid ttl: expected a number of ms above 0, got 0").waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Delete note" }).click();
    await says("Deleted note");
    await entries.getByText("Nothing on the shelf").waitFor();
    await button("Undo").click();
    await row("note").getByText("second, longer").waitFor();
    await row("note")
      .getByText(/^(1 h|59 min)/)
      .waitFor();
  });

  it("shows JSON laid out, and stores what is not edited as it was", async () => {
    const { page, stored, row, dialog, text, says, button } = await open(database(`json-${engine}`));
    const edit = dialog.getByRole("textbox", { name: "Value" });
    const save = async (): Promise<void> => {
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "hidden" });
    };
    const value = '{"id":12345678901234567890,"list":[1.0,{}]}';
    await stored({ key: "config", value, kind: "JSON" });
    await button("Open config").click();
    assert.equal(await text(), '{\n  "id": 12345678901234567890,\n  "list": [\n    1.0,\n    {}\n  ]\n}');
    await save();
    await says("Saved config, 43 B");
    await row("config").getByText(value).waitFor();

    // What was compact stays so, and not a digit changes; as text it is what will be stored.
    await button("Open config").click();
    await edit.fill((await text()).replace("1.0", "2.50"));
    await dialog.getByText("Valid JSON, 44 B stored").waitFor();
    await dialog.getByRole("radio", { name: "Text" }).check();
    assert.equal(await text(), value.replace("1.0", "2.50"));
    await dialog.getByRole("radio", { name: "JSON" }).check();
    assert.match(await text(), /\n {4}2\.50,\n/);
    await edit.fill('{"open":');
    await dialog.getByText("Not JSON yet: ").waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("The value is not JSON: ").waitFor();
    assert.equal(await edit.getAttribute("aria-invalid"), "true");

    // As text anything is stored as it was typed.
    await dialog.getByRole("radio", { name: "Text" }).check();
    assert.equal(await text(), '{"open":');
    await edit.fill('{"open":  \n');
    await save();
    await says("Saved config, 11 B");
    await button("Open config").click();
    assert.equal(await text(), '{"open":  \n');
    assert.ok(await dialog.getByRole("radio", { name: "Text" }).isChecked());
    await page.keyboard.press("Escape");
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
