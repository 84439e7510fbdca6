import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("list of the workbench", ({ engine, open }) => {
  it("filters by prefix, exactly", async () => {
    const { stored, filter, keys, entries, button } = await open("memory");
    for (const key of ["user/ada", "user/bob", "users", "User/eve", "note"]) await stored({ key, value: key });
    const shows = (wanted: string[]) => until(async () => String((await keys()).sort()) === String(wanted.sort()));
    await filter.fill("user/");
    await shows(["user/ada", "user/bob"]);
    await filter.fill("user");
    await shows(["user/ada", "user/bob", "users"]);
    await filter.fill("%");
    await entries.getByText("No such key").waitFor();
    await button("Show all").click();
    await shows(["user/ada", "user/bob", "users", "User/eve", "note"]);
  });

  it("goes through three thousand entries and back", async () => {
    const { button, says, keys, entries } = await open(database(`pages-${engine}`));
    for (const batch of ["01", "02", "03"]) {
      await button("Put 1,000 samples").click();
      await says(`Stored 1,000 samples under sample/${batch}/`);
    }
    const page = (first: number) =>
      entries.getByText(`${first}–${first + 49}${first < 2951 ? ", more follow" : ""}`, { exact: true });
    const seen = new Set<string>();
    for (let first = 1; first <= 2951; first += 50) {
      await page(first).waitFor();
      for (const key of await keys()) seen.add(key);
      if (first < 2951) await button("Next").click();
    }
    assert.equal(seen.size, 3000);
    assert.equal(await button("Next").getAttribute("aria-disabled"), "true");
    for (let first = 2901; first >= 2801; first -= 50) {
      await button("Previous").click();
      await page(first).waitFor();
    }
  });

  it("keeps its place while entries come and go", async () => {
    const { page, button, says, entries, stored, row, isFocused } = await open("memory");
    await button("Put 1,000 samples").click();
    await says("Stored 1,000 samples");
    await button("Next").click();
    await entries.getByText("51–100, more follow").waitFor();
    const open7 = page.getByRole("button", { name: "Open sample/01/0077" });
    await open7.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Delete");
    await says("Deleted sample/01/0078");
    await row("sample/01/0078").waitFor({ state: "detached" });
    await row("sample/01/0101").waitFor();
    assert.ok(await isFocused(page.getByRole("button", { name: "Open sample/01/0079" })));
    await stored({ key: "sample/01/0077b", value: "between" });
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

  it("clears only when one has said yes, and only what the filter names", async () => {
    const { page, stored, button, dialog, row, entries, filter, isFocused } = await open(database(`clear-${engine}`));
    for (const key of ["keep", "drop/1", "drop/2"]) await stored({ key, value: key });
    await filter.fill("drop/");
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
    await filter.fill("");
    await row("keep").waitFor();
    await button("Clear…").click();
    await dialog.getByRole("button", { name: "Clear" }).click();
    await entries.getByText("Nothing on the shelf").waitFor();
  });
});
