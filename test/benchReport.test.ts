import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pages, withReport } from "../bench/report.ts";
import { root } from "./tools/run.mjs";

test("the numbers in the pages are those that the bench has written down", () => {
  for (const [name, page] of pages()) {
    assert.equal(readFileSync(root + name, "utf8"), page, `${name}: npm run bench writes it anew`);
    assert.ok(page.includes("SQLite: concurrent set"));
  }
});

test("a page without a place for numbers is refused", () => {
  assert.throws(() => withReport("# A page", "numbers"), /no place for numbers/);
});
