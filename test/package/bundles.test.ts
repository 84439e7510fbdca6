import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { parse } from "acorn";
import { expect, test } from "vitest";
import { packageFolder } from "../../scripts/installPackage.mjs";

const dist = `${packageFolder}node_modules/shelflife/dist/`;
const bundles = { "shelflife.min.js": "module", "shelflife.umd.min.js": "script" } as const;

for (const [name, sourceType] of Object.entries(bundles)) {
  test(`${name} is ES2020`, () => {
    // It takes no more than that.
    expect(() => parse("a ??= b", { ecmaVersion: 2020 })).toThrow("Unexpected token");
    assert.ok(parse(readFileSync(dist + name, "utf8"), { ecmaVersion: 2020, sourceType }).body.length > 0);
  });
}

test("the script adds one name to the page, and touches nothing of it", () => {
  const page = createContext({});
  const before = new Set(Object.getOwnPropertyNames(page));
  runInContext(readFileSync(`${dist}shelflife.umd.min.js`, "utf8"), page);
  assert.deepEqual(
    Object.getOwnPropertyNames(page).filter((name) => !before.has(name)),
    ["Shelflife"],
  );
});
