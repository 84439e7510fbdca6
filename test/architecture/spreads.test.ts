import assert from "node:assert/strict";
import { test } from "vitest";
import { code, readTree } from "./tree.ts";

test("no call takes a list of any length as its arguments, of which an engine passes on some 100,000", () => {
  const calls = /(\.(push|unshift)|Math\.(max|min)|Uint8Array\.of)\(([^()]|\([^()]*\))*?(?<![{[]\s*)\.\.\.(?!head\b)/;
  const found = [...readTree("src")].flatMap(
    ([name, text]) =>
    code(text).split(/;|\n\n/).filter((part) => calls.test(part)).map((part) => `${name}: ${part.trim()}`), // prettier-ignore
  );
  assert.deepEqual(found, []);
  assert.match("all.push(...page.entries.filter(isLive))", calls);
  assert.match("Math.max(0, ...held.map(read))", calls);
});
