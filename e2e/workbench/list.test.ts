import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("list of the workbench", ({ engine, open }) => {
  it("keeps its place while entries come and go", async () => {
    const { page, button, says, row, isFocused, keys } = await open("memory");
    await button("Put 1,000 samples").click();
    await says("Stored 1,000 samples");
    await row("sample/01/0001").waitFor();
    await page.getByRole("button", { name: "Open sample/01/0001" }).focus();
    await page.keyboard.press("PageDown");
    await page.keyboard.press("PageDown");
    await page.keyboard.press("PageDown");
    const top = await page.evaluate(() => scrollY);
    assert.ok(top > 500, `scrolled by ${top}`);
    const focused = async () => (await page.locator("#rows :focus").getAttribute("aria-label"))!.replace("Open ", "");
    const before = await focused();
    const place = async () => (await row(before).boundingBox())!.y;
    const y = await place();
    // By the page itself, since an engine scrolls what it is to fill.
    await page.evaluate(() => {
      const form = document.querySelector<HTMLFormElement>("#put")!;
      form.querySelector<HTMLInputElement>("[name=key]")!.value = "a before all of them";
      form.querySelector<HTMLTextAreaElement>("[name=value]")!.value = "x";
      form.requestSubmit();
    });
    await until(async () => (await page.evaluate(() => scrollY)) > top);
    // Less than half a line.
    await until(async () => Math.abs((await place()) - y) < 18);
    await page.locator(`[aria-label="Open ${before}"]`).focus();
    await page.keyboard.press("ArrowDown");
    const gone = await focused();
    await page.keyboard.press("Delete");
    await says(`Deleted ${gone}`);
    await row(gone).waitFor({ state: "detached" });
    const all = await keys();
    const after = all[all.indexOf(before) + 1]!;
    assert.ok(await isFocused(page.getByRole("button", { name: `Open ${after}`, exact: true })));
    // What the page scrolls away with the focus is found again by the next key.
    await page.evaluate(() => scrollTo(0, 0));
    await row("a before all of them").waitFor();
    assert.equal(await page.locator("#rows :focus").count(), 0);
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), before);
    await page.keyboard.press("End");
    assert.equal(await focused(), "sample/01/1000");
    await page.keyboard.press("Home");
    assert.equal(await focused(), "a before all of them");
  });

  it("shows what expires as it goes, and leaves nothing to sweep", async () => {
    const { enter, row, button, says, log } = await open({ backend: "memory", parameters: { sweepInterval: 9e9 } });
    for (const key of ["a", "b", "c"]) {
      await enter({ key, value: "x", lifetime: key === "c" ? "1 hour" : 1 });
      await row(key).waitFor();
    }
    await until(async () => (await row("a").count()) + (await row("b").count()) === 0);
    await row("c").waitFor();
    await log.getByRole("listitem").filter({ hasText: "expire" }).nth(1).waitFor();
    await button("Sweep").click();
    await says("Swept 0 expired entries");
  });

  it("clears only when one has said yes, and only what is searched for", async () => {
    const { page, stored, button, dialog, row, entries, search, isFocused } = await open(database(`clear-${engine}`));
    for (const key of ["keep", "drop/1", "drop/2"]) await stored({ key, value: key });
    await search.fill("drop/");
    await row("keep").waitFor({ state: "detached" });
    await button("Clear…").click();
    await dialog.getByText('whose key begins with "drop/"').waitFor();
    assert.ok(await isFocused(dialog.getByRole("button", { name: "Cancel" })));
    await page.keyboard.press("Escape");
    assert.ok(await isFocused(button("Clear…")));
    await row("drop/1").waitFor();
    await button("Clear…").click();
    await dialog.getByRole("button", { name: "Clear" }).click();
    await entries.getByText("No such key").waitFor();
    await search.fill("");
    await row("keep").waitFor();
    await button("Clear…").click();
    await dialog.getByRole("button", { name: "Clear" }).click();
    await entries.getByText("Nothing on the shelf").waitFor();
  });
});
