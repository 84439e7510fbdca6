// The changelog has the usual form: Keep a Changelog.
import { expect, test } from "vitest";
import { readPage } from "./pages.ts";

const { text } = readPage("CHANGELOG.md");

test("each version has Added, Changed and Fixed in this order, and nothing but short entries in them", () => {
  const [, ...versions] = text.split(/^## /m);
  expect(versions.length).toBeGreaterThan(1);
  for (const version of versions) {
    const [name, ...groups] = version.split(/^### /m);
    expect(name!.trim()).toMatch(/^(?:Unreleased|\d+\.\d+\.\d+(?: - \d{4}-\d\d-\d\d)?)$/);
    const names = groups.map((group) => group.split("\n", 1)[0]!);
    expect(names).toEqual(["Added", "Changed", "Fixed"].filter((each) => names.includes(each)));
    for (const group of groups)
      for (const entry of group
        .split("\n")
        .slice(1)
        .join("\n")
        .trim()
        .split(/\n(?=- )/)) {
        expect(entry).toMatch(/^- /);
        expect([entry, entry.length <= 400]).toEqual([entry, true]);
      }
  }
});
