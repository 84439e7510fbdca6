import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inWorkbench } from "./driver.ts";

inWorkbench("list of the workbench", ({ open }) => {
  it("searches by prefix, exactly, and by what keys contain, and says how many there are", async () => {
    const { page, stored, search, match, keys, entries, button, isFocused } = await open("memory");
    for (const key of ["user/ada", "user/bob", "users", "User/eve", "note"]) await stored({ key, value: key });
    const shows = (...wanted: string[]) => until(async () => String(await keys()) === String(wanted));
    await entries.getByText("5 entries, 33 B", { exact: true }).waitFor();
    await search.fill("user/");
    await shows("user/ada", "user/bob");
    await entries.getByText("2 of 5 entries, 16 B", { exact: true }).waitFor();
    await search.fill("user");
    await shows("user/ada", "user/bob", "users");
    await match.selectOption("contain it");
    await shows("User/eve", "user/ada", "user/bob", "users");
    await search.fill("O");
    await shows("note", "user/bob");
    // What comes while one searches is there if it matches.
    await stored({ key: "so", value: "x" });
    await shows("note", "so", "user/bob");
    await search.fill("%");
    await entries.getByText('No live entry has a key that contains "%"').waitFor();
    await button("Show all").click();
    await shows("User/eve", "note", "so", "user/ada", "user/bob", "users");
    assert.ok(await isFocused(search));
    await page.keyboard.type("u");
    await page.keyboard.press("Escape");
    await until(async () => (await keys()).length === 6);
  });

  it("sorts by key, size and lifetime, and says so", async () => {
    const { stored, keys, button, entries, page } = await open("memory");
    await stored({ key: "b", value: "12", lifetime: "1 hour" });
    await stored({ key: "a", value: "123" });
    await stored({ key: "c", value: "1", lifetime: "1 minute" });
    const shows = (...wanted: string[]) => until(async () => String(await keys()) === String(wanted));
    const sorted = (name: string, how: string) =>
      until(async () => (await page.getByRole("columnheader", { name }).getAttribute("aria-sort")) === how);
    await shows("a", "b", "c");
    await sorted("Key", "ascending");
    await button("Key").click();
    await shows("c", "b", "a");
    await button("Size").click();
    await shows("a", "b", "c");
    await sorted("Size", "descending");
    await button("Size").click();
    await shows("c", "b", "a");
    await button("Expires in").click();
    await shows("c", "b", "a");
    await stored({ key: "d", value: "x", lifetime: "10 minutes" });
    await shows("c", "d", "b", "a");
    await button("Expires in").click();
    await shows("a", "b", "d", "c");
    await sorted("Expires in", "descending");
    assert.equal(await entries.locator("[aria-sort]").count(), 1);
  });
});
