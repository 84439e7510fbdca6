// Every link of the pages leads somewhere: to a file, to a heading in it, or to a whole address.
import { dirname, posix } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf, brokenLinks, pagesIn, readPage, readTarget, targetsOf } from "./pages.ts";

const alone = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md"];
const folders = ["docs", "examples", "src"];
const pages = [...alone, ...folders.flatMap(pagesIn)].map(readPage);

test("every link leads to a file and a heading that are there", () => {
  expect(pages.flatMap((page) => brokenLinks(page, readTarget))).toEqual([]);
  expect(pages.flatMap(({ text }) => targetsOf(text)).length).toBeGreaterThan(300);
});

test("a link that leads nowhere is noticed, whatever is wrong with it", () => {
  const files: Record<string, string> = { "docs/there.md": "# One\n\n## Two words: `code`\n\n# One\n" };
  const broken = (target: string): number =>
    brokenLinks({ path: "docs/page.md", text: `# Here\n\n[link](${target})` }, (path) => files[path]).length;
  for (const target of ["there.md", "there.md#one", "there.md#one-1", "there.md#two-words-code", "#here"])
    expect([target, broken(target)]).toEqual([target, 0]);
  for (const target of ["gone.md", "there.md#three", "#there", "/docs/there.md", "../../there.md", "there.md#"])
    expect([target, broken(target)]).toEqual([target, 1]);
  expect(["https://example.org/a", "http://example.org/", "https://example", "https://", "mailto:a"].map(broken)).toEqual(
    [0, 1, 1, 1, 1],
  ); // prettier-ignore
  const picture =
    '<source srcset="gone.svg">\n<img src="there.md">\n\n```md\n[in code](gone.md)\n```\n\n`[](gone.md)`\n';
  expect(brokenLinks({ path: "docs/page.md", text: picture }, (path) => files[path])).toEqual([
    "docs/page.md: gone.svg is not there",
  ]);
  expect([...anchorsOf("# What is not done, and why\n")]).toEqual(["what-is-not-done-and-why"]);
});

test("every page of docs is linked to from its index", () => {
  const [index, ...others] = [readPage("docs/README.md"), ...pagesIn("docs").map(readPage)];
  const linked = new Set(
    targetsOf(index.text).map((target) => posix.join(dirname("docs/README.md"), target.split("#")[0]!)),
  );
  expect(others.map(({ path }) => path).filter((path) => path !== "docs/README.md" && !linked.has(path))).toEqual([]);
});
