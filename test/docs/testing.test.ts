// Holds the table of docs/testing.md against the sources that it counts.
import { expect, test } from "vitest";
import { atLeast, compare, kinds, table } from "../../scripts/testKinds.mjs";
import { cases } from "../../src/testing.ts";
import { mutations } from "../support/simulator/mutations.ts";
import { readPage } from "./pages.ts";

const rows: { name: string; number: number }[] = kinds();

test("every kind of test is on the page, with a number that is true: node scripts/testKinds.mjs writes it", () => {
  expect(compare(readPage("docs/testing.md").text, rows)).toEqual([]);
});

test("what is counted in the sources is what runs", () => {
  const numbers = Object.fromEntries(rows.map(({ name, number }) => [name, number]));
  expect(numbers).toMatchObject({ Cases: cases.length, Mutations: mutations.length });
  for (const { name, number } of rows) expect([name, number > 0]).toEqual([name, true]);
});

test("a number that is too large, too small or of another row is noticed", () => {
  const row = { name: "Unit tests", proves: "all", where: "test", number: 1234, unit: "tests" };
  const page = (text: string): string => `<!-- kinds: -->\n\n${text}\n<!-- /kinds -->`;
  const stated = table([row]);
  expect(atLeast(1234)).toBe(1200);
  expect(compare(page(stated), [row])).toEqual([]);
  expect(compare(page(stated), [{ ...row, number: 1199 }])).toEqual(["Unit tests: 1200 tests are stated, 1199 counted"]);
  expect(compare(page(stated), [{ ...row, number: 2401 }])).toEqual(["Unit tests: 1200 tests are stated, 2401 counted"]);
  expect(compare(page(stated), [{ ...row, proves: "some" }])).toEqual(["Unit tests: another row is stated"]);
  expect(compare(page(stated), [row, row]).length).toBeGreaterThan(0);
  expect(compare("", [row]).length).toBeGreaterThan(0);
}); // prettier-ignore
