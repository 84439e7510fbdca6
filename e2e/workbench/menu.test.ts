import assert from "node:assert/strict";
import { it } from "vitest";
import { inWorkbench } from "./driver.ts";

inWorkbench("menu of an entry in the workbench", ({ open }) => {
  it("copies a key and a value, and downloads one", async () => {
    const { page, stored, button, says, isFocused } = await open("memory");
    // A browser without a screen has no clipboard of the system.
    await page.evaluate(() => {
      const copied: string[] = [];
      const clipboard = {
        writeText: async (text: string) => void copied.push(text),
        write: async ([item]: ClipboardItem[]) => void copied.push(await (await item!.getType("text/plain")).text()),
      };
      Object.defineProperty(navigator, "clipboard", { value: clipboard });
      Object.assign(globalThis, { copied });
    });
    const copied = () => page.evaluate(() => (globalThis as unknown as { copied: string[] }).copied.join("|"));
    await stored({ key: "folder/note", value: "the words" });
    const more = button("More for folder/note");
    await more.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    assert.ok(await isFocused(more));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await says("Copied the key folder/note");
    assert.ok(await isFocused(more));
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await says("Copied the value of folder/note, 9 B");
    assert.equal(await copied(), "folder/note|the words");
    await more.click();
    await page.getByRole("menuitem", { name: "Download" }).click();
    await says("Downloaded folder/note, 9 B");
  });
});
