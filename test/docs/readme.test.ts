// What the front page has to be.
import { expect, test } from "vitest";
import { readPage, targetsOf } from "./pages.ts";

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

test("what newcomers look for is one click away from the README, and two at most from the index of docs", () => {
  const tasks = [
    "guide/lifetimes.md",
    "guide/errors.md#fall-back-when-storage-is-blocked",
    "guide/watching.md#show-a-value-that-stays-current",
    "guide/serving.md#serve-to-a-front-end-of-another-origin",
    "migrating.md",
    "guide/offline.md",
  ];
  const links = targetsOf(text);
  expect(tasks.filter((task) => !links.includes(`docs/${task}`))).toEqual([]);
  const index = targetsOf(readPage("docs/README.md").text);
  expect(tasks.filter((task) => !index.includes(task.split("#")[0]!))).toEqual([]);
});
