import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { chartsPresent, files, withReport } from "../../bench/report.ts";
import { root } from "../../scripts/run.mjs";

test("the numbers in the pages and the charts are those that the bench has written down", () => {
  const made = files();
  for (const [path, content] of made)
    assert.equal(readFileSync(root + path, "utf8"), content, `${path}: npm run bench writes it anew`);
  assert.ok(made.get("docs/benchmarks.md")!.includes("SQLite: concurrent set"));
  const charts = [...made.keys()].filter((path) => path.endsWith(".svg"));
  assert.deepEqual(chartsPresent().sort(), charts.sort());
  for (const path of charts)
    assert.ok(made.get("docs/benchmarks.md")!.includes(path.replace("docs/", "")), `docs/benchmarks.md shows ${path}`);
  assert.ok(made.get("README.md")!.includes("docs/charts/indexeddb-light.svg"));
});

test("a page without a place for numbers is refused", () => {
  assert.throws(() => withReport("# A page", "numbers"), /no place for numbers/);
});
