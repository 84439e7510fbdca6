import assert from "node:assert/strict";
import { it } from "vitest";
import { faint } from "./contrast.ts";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("access to the workbench", ({ engine, open, openWithClock }) => {
  it("has nothing to scroll sideways in a window of 320 pixels", async () => {
    const { page, show, button, enter, dialog, row } = await open(database(`narrow-${engine}`));
    await page.setViewportSize({ width: 320, height: 640 });
    const fits = async (what: string) => {
      const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const);
      assert.ok(content <= room, `${what}: ${content} px in ${room}`);
    };
    await fits("empty");
    const key = `a/key/${"that-goes-on-and-on-".repeat(8)}`;
    for (const view of ["Store", "Changes", "Put"]) {
      await show(view);
      await fits(view);
    }
    await enter({ key, value: "w".repeat(2000) });
    await show("Entries");
    await row(key).waitFor();
    await button("Put 1,000 samples").click();
    await row("sample/01/0001").waitFor();
    await fits("full");
    await show("Put");
    await enter({ key: "", value: "x".repeat(500), kind: "JSON" });
    await page.getByText("The value is not JSON").waitFor();
    await fits("with a field that is wrong");
    await show("Entries");
    await page.getByRole("button", { name: `Open ${key}`, exact: true }).click();
    await dialog.waitFor();
    await fits("with a dialog");
    const box = await dialog.boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 320, "the dialog is within the window");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Extend sample/01/0001" }).click();
    await dialog.getByRole("combobox", { name: "Lifetime" }).selectOption({ label: "custom…" });
    await fits("with a lifetime of one's own");
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has text of good contrast in ${colorScheme}`, async () => {
      const { page, button, enter, configuration, dialog, row, freeze } = await openWithClock("memory");
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await button("Put 1,000 samples").click();
      await enter({ key: "a soon", value: "x", lifetime: 59 });
      await enter({ key: "a now", value: "{", kind: "JSON", lifetime: 30 });
      await configuration.fill('{ "backend": "memory", "parameters": { "maxEntries": 0, "x": 1 } }');
      await button("Open store").click();
      await page.getByText("The value is not JSON").waitFor();
      await enter({ key: "a now", value: "{}", kind: "JSON", lifetime: 30 });
      await row("a now").waitFor();
      await freeze();
      while (
        !(await row("a now")
          .getByText(/^\d s$/)
          .count())
      )
        await page.clock.runFor(1000);
      assert.deepEqual(await faint(page), []);
      await page.getByRole("button", { name: "Open a soon" }).click();
      await dialog.waitFor();
      assert.deepEqual(await faint(page), []);
    });
  }

  it("does not move while it counts down", async () => {
    const { page, stored, row, freeze } = await openWithClock("memory");
    await stored({ key: "a", value: "x", lifetime: 30 });
    await stored({ key: "b", value: "x", lifetime: "10 minutes" });
    await freeze();
    const places = () =>
      page.evaluate(() =>
        JSON.stringify([...document.querySelectorAll("th, td")].map((cell) => cell.getBoundingClientRect())),
      );
    const before = await places();
    while (!(await row("a").getByText(/^9 s$/).count())) await page.clock.runFor(1000);
    assert.equal(await places(), before);
  });
});
