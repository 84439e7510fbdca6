// What the front page has to be.
import { expect, test } from "vitest";
import { readPage } from "./pages.ts";

const { text } = readPage("README.md");

test("the README has at most 12,000 bytes", () => {
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(12_000);
});

test("the README has one chart, and every alternative text is one sentence", () => {
  const alternatives = [...text.matchAll(/<img alt="([^"]*)"/g)].map(([, alternative]) => alternative!);
  expect(alternatives.length).toBe(1);
  const { text: benchmarks } = readPage("docs/benchmarks.md");
  alternatives.push(...[...benchmarks.matchAll(/<img alt="([^"]*)"/g)].map(([, alternative]) => alternative!));
  expect(alternatives.filter((alternative) => !/^[^;]{20,130}\.$/.test(alternative) || /\. /.test(alternative))).toEqual([]);
}); // prettier-ignore

test("the README names the commands that set all up", () => {
  expect(text).toMatch(/^npm start\nnpm test$/m);
});
