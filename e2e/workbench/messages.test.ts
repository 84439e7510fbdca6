import assert from "node:assert/strict";
import { it } from "vitest";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("messages of the workbench", ({ engine, open, openWithClock }) => {
  it("show an error beside what one works on, a few at once, until it has been read or is dismissed", async () => {
    const { page, put, show, enter, stored, errors, button, dialog, freeze, isFocused } = await openWithClock({
      backend: "memory",
      parameters: { maxBytes: 60 },
    });
    await stored({ key: "short", value: "fits" });
    await freeze();
    const value = "x".repeat(100);
    const fails = async (key: string): Promise<void> => {
      await enter({ key, value });
      await errors.filter({ hasText: `key "${key}"` }).waitFor();
    };
    /** Whether what has the focus is seen whole. */
    const isSeen = (): Promise<boolean> =>
      page.evaluate(() => {
        const { left, top, right, bottom } = document.activeElement!.getBoundingClientRect();
        const points = [top + 3, (top + bottom) / 2, bottom - 3].map((y) =>
          document.elementFromPoint((left + right) / 2, y),
        );
        return points.every((point) => document.activeElement!.contains(point));
      });

    // An error of no field marks none.
    await fails("one");
    assert.match(await errors.innerText(), /quota-exceeded\s+Cannot store key "one": expected at most 60 bytes/);
    assert.equal(await page.locator("[aria-invalid=true]").count(), 0);
    assert.equal(await page.getByRole("alert").filter({ hasText: "quota-exceeded" }).count(), 1);
    for (const key of ["two", "three", "four"]) await fails(key);
    assert.deepEqual(
      (await errors.allInnerTexts()).map((text) => /key "(\w+)"/.exec(text)![1]),
      ["two", "three", "four"],
    );
    await enter({ key: "four", value });
    await errors.filter({ hasText: "(2 times)" }).waitFor();

    // They cover neither the form nor a dialog, in a window of any size.
    for (const [width, height] of [
      [1440, 800],
      [375, 640],
    ] as const) {
      await page.setViewportSize({ width, height });
      if (width < 900) await show("Put");
      for (const field of [put.getByRole("combobox", { name: "Lifetime" }), put.getByRole("button", { name: "Put" })]) {
        await field.focus();
        assert.ok(await isSeen(), `${width} px wide`);
      }
    }
    await show("Entries");
    await button("Open short").click();
    for (const name of ["Save", "Set lifetime", "Delete"]) {
      await dialog.getByRole("button", { name }).focus();
      assert.ok(await isSeen(), name);
    }
    assert.equal(await dialog.getByRole("listitem").count(), 3);
    await page.keyboard.press("Escape");

    await show("Put");
    // Dismissed, one leads to the next, and the last back to where one came from.
    await put.getByRole("textbox", { name: "Key" }).focus();
    await errors.first().getByRole("button", { name: "Dismiss" }).click();
    assert.ok(await isFocused(errors.first().getByRole("button", { name: "Dismiss" })));
    assert.equal(await errors.count(), 2);

    // Nothing leaves from under the focus or the pointer.
    await page.clock.runFor(60_000);
    assert.equal(await errors.count(), 2);
    await errors.last().hover();
    await put.getByRole("textbox", { name: "Key" }).focus();
    await page.clock.runFor(60_000);
    assert.equal(await errors.count(), 2);
    await page.mouse.move(5, 5);
    await page.clock.runFor(5000);
    assert.equal(await errors.count(), 2);
    await page.clock.runFor(20_000);
    assert.equal(await errors.count(), 0);
  });

  it("offer to take a deletion back by Ctrl+Z, from anywhere but a text", async () => {
    const { page, stored, row, says, put, button } = await open(database(`undo-${engine}`));
    await stored({ key: "gone", value: "back" });
    await button("Delete gone").click();
    await says("Deleted gone");
    await put.getByRole("textbox", { name: "Key" }).press("ControlOrMeta+z");
    assert.ok(await button("Undo").isVisible());
    await page.getByRole("region", { name: "Entries" }).locator("#list").focus();
    await page.keyboard.press("ControlOrMeta+z");
    await row("gone").getByText("back").waitFor();
    assert.ok(await button("Undo").isHidden());
  });
});
