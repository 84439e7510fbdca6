import assert from "node:assert/strict";
import { it } from "vitest";
import type { Locator } from "playwright";
import { inWorkbench } from "./driver.ts";

inWorkbench("fields of the workbench", ({ open }) => {
  it("says at the field what is wrong with it, and takes it when it is mended", async () => {
    const { page, enter, errors, row, put, isFocused } = await open("memory");
    const [key, value] = [put.getByRole("textbox", { name: "Key" }), put.getByRole("textbox", { name: "Value" })];
    /** The field is the only one that is marked, has the focus, and is described by these words. */
    const marked = async (field: Locator, words: string): Promise<void> => {
      const description = put.getByText(words);
      await description.waitFor();
      assert.equal(await page.locator("[aria-invalid=true]").count(), 1);
      assert.equal(await field.getAttribute("aria-invalid"), "true");
      assert.ok(await isFocused(field));
      const ids = (await field.getAttribute("aria-describedby"))!.split(" ");
      assert.ok(ids.includes((await description.getAttribute("id"))!));
      assert.equal(await errors.count(), 0);
    };
    await enter({ key: "config", value: '{ "a": ', kind: "JSON" });
    await marked(value, "The value is not JSON: ");
    await value.fill('{ "a": 1');
    await put.getByText("Not JSON yet: ").waitFor();
    assert.equal(await value.getAttribute("aria-invalid"), null);
    await value.fill('{ "a": 12345678901234567890 }');
    await put.getByText("Valid JSON, 26 B stored").waitFor();
    await put.getByRole("button", { name: "Put" }).click();
    // To the digit, which parsing would not leave as it is.
    await row("config").getByText('{"a":12345678901234567890}').waitFor();

    await enter({ key: "", value: "x" });
    await marked(key, 'Invalid key: expected a well-formed string of 1 to 1,024 UTF-8 bytes, got ""');
    await enter({ key: "k", value: "x", lifetime: 0 });
    await marked(put.getByRole("spinbutton", { name: "For" }), "Invalid ttl: expected a number of ms above 0, got 0");
  });
});
