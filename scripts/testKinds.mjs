// Counts every kind of test by the sources and the steps, and writes the table of docs/testing.md.
//   node scripts/testKinds.mjs
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { root } from "./run.mjs";
import { steps } from "./steps.mjs";

const block = /(<!-- kinds:.*?-->\n)([^]*?)(<!-- \/kinds -->)/;

/** The texts of the files below some folders, by their paths. */
function readAll(...folders) {
  const paths = folders.flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
      .filter((path) => /\.(ts|mjs|md)$/.test(path) && !/\/(node_modules|\..*?)\//.test(path)),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(root + path, "utf8")]));
}

const count = (text, pattern) => text.match(pattern)?.length ?? 0;
const sum = (files, pattern) => files.reduce((total, [, text]) => total + count(text, pattern), 0);

/** What runs as a test. One in a loop, or for each of some data, counts once. */
const declared = /^ *(?:test|it)(?:\.\w+)*\(/gm;

/** Every kind of test: what it proves, where it is, how it is counted, and which steps of `npm test` run it. */
export function kinds() {
  const tests = readAll("test", "e2e");
  const files = (pattern, not = /^$/) => [...tests].filter(([path]) => pattern.test(path) && !not.test(path));
  const apart = /^test\/(package|processes|cases|architecture|bench)\//;
  const isPage = /^e2e\/.*\.page\..*test\.ts$/;
  const source = [...readAll("src")];
  const pages = [["README.md", readFileSync(`${root}README.md`, "utf8")], ...readAll("docs")];
  const named = (pattern) => steps.filter(({ name }) => pattern.test(name)).length;
  const of = (name, proves, where, number, unit) => ({ name, proves, where, number, unit });
  return [
    of(
      "Cases",
      "each sentence of the contract, on every backend and view",
      "src/testing/cases",
      sum(source.filter(([path]) => path.startsWith("src/testing/cases/")), /^ {4}name:/gm),
      "sentences",
    ),
    of("Cases elsewhere", "the same on other runtimes", "test/runtimes", named(/^cases on /), "steps"),
    of("Unit tests", "one module each, on Node", "test", sum(files(/^test\/.*\.test\.ts$/, apart), declared), "tests"),
    of(
      "Random input",
      "keys, requests, records and files that nobody thought of, by fast-check",
      "test/support/fuzz.ts",
      files(/\.test\.ts$/).filter(([, text]) => /fast-check|support\/(fuzz|anyKey)/.test(text)).length,
      "files",
    ),
    of(
      "Simulation",
      "offline stores under random schedules of faults: nothing lost, nothing applied twice",
      "test/offline/simulate.ts",
      // As many in each run as the test says.
      Number(/^const seeds = (\d+);$/m.exec(tests.get("test/offline/simulate.test.ts"))[1]),
      "schedules",
    ),
    of(
      "Mutations",
      "that the simulation notices a fault: each breaks the code in one place",
      "test/support/simulator/mutations.ts",
      sum(files(/simulator\/mutations\.ts$/), /^  m\(/gm),
      "mutations",
    ),
    of(
      "Counts",
      "how many requests, transactions and calls of the platform a call costs, since time is never measured",
      "test/backends",
      sum(files(/\/\w*[cC]ounts?\.test\.ts$/), declared),
      "tests",
    ),
    of(
      "Processes",
      "several processes and real servers: killed, stopped, cut off, on a full disk",
      "test/processes",
      sum(files(/^test\/processes\/.*\.test\.ts$/), declared),
      "tests",
    ),
    of("Pages", "inside a page or a worker, the Cases among them, in three engines", "e2e", files(isPage).length, "files"),
    of(
      "End to end",
      "several tabs, workers, whole apps and examples, in real browsers",
      "e2e",
      sum(files(/^e2e\/.*\.test\.ts$/, isPage), declared),
      "tests",
    ),
    of(
      "Package",
      "what is published: its files, types from TypeScript 5.4 on, CommonJS, Jest, JSR, and each size",
      "test/package",
      sum(files(/^test\/package\/.*\.test\.ts$/), declared),
      "tests",
    ),
    of(
      "Types that must not compile",
      "wrong calls, one for each line",
      "test",
      sum(files(/\.ts$/), /@ts-expect-error/g),
      "lines",
    ),
    of(
      "Architecture",
      "which room imports which, no circles, lengths, nothing touched at import",
      "test/architecture",
      sum(files(/^test\/architecture\/.*\.test\.ts$/), declared),
      "tests",
    ),
    of(
      "Attacks",
      "what attackers try: each row of security names its tests",
      "docs/security.md",
      sum(pages.filter(([path]) => path === "docs/security.md"), /^\| \*\*/gm),
      "attacks",
    ),
    of(
      "Documentation",
      "blocks of code in these pages, run on what they name",
      "docs",
      sum(pages, /^```[a-z][^\n]*$/gm),
      "blocks",
    ),
    of("Docstrings", "examples of the reference, run", "src", sum(source, /^ *\* @example/gm), "examples"),
    of("Bench", "that the bench measures and reports what it says", "test/bench", sum(files(/^test\/bench\/.*\.test\.ts$/), declared), "tests"),
    of("Static checks", "lint, types and format", "scripts/steps.mjs", named(/^(lint|types|format)/), "steps"),
  ]; // prettier-ignore
}

/** Rounds down to two digits, so that a table stays true while tests are added. */
export const atLeast = (number) => {
  const unit = 10 ** Math.max(0, String(number).length - 2);
  return Math.floor(number / unit) * unit;
};

/** The table of docs/testing.md. */
export function table(rows) {
  const line = ({ name, proves, where, number, unit }) =>
    `| ${name} | ${proves} | [${where}](../${where}) | ${atLeast(number).toLocaleString("en")} ${unit} |`;
  return ["| kind | what it proves | where | at least |", "|---|---|---|---|", ...rows.map(line), ""].join("\n");
}

/** What is wrong with a page's table: a number that is more than there is, or less than half of it. */
export function compare(page, rows) {
  const stated = (block.exec(page)?.[2] ?? "").trim().split("\n").slice(2);
  const problems = rows.flatMap((row, index) => {
    const cells = stated[index]?.split(" | ") ?? [];
    const [number] = /^[\d,]+/.exec(cells.at(-1) ?? "") ?? ["NaN"];
    const said = Number(number.replaceAll(",", ""));
    const wanted = table([row]).split("\n")[2].split(" | ").slice(0, -1);
    if (cells.slice(0, -1).join() !== wanted.join()) return [`${row.name}: another row is stated`];
    return said <= row.number && said >= row.number / 2
      ? []
      : [`${row.name}: ${said} ${row.unit} are stated, ${row.number} counted`];
  });
  return stated.length === rows.length ? problems : [...problems, `${stated.length} rows for ${rows.length} kinds`];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = `${root}docs/testing.md`;
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(block, (_, start, __, end) => `${start}\n${table(kinds())}\n${end}`),
  );
}
