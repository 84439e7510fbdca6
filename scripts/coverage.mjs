// Runs the unit tests and the Cases in Node, measures which lines and branches of src they reach, and compares that with
// what docs/testing.md states.
//   node scripts/coverage.mjs --project unit --project cases [--write] [--list]
// --write states what was measured; --list prints the lines that nothing reaches.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { exit, root } from "./run.mjs";

const rooms = ["core", "views", "backends", "http"];
const page = `${root}docs/testing.md`;
const block = /(<!-- coverage:.*?-->\n)([^]*?)(<!-- \/coverage -->)/;
// How far a number may be from what is stated: points. Which of two racing branches is taken is not the same every time.
const tolerance = 1;

/** Runs the tests, with their output on the terminal, and resolves with how the run ended. */
async function measure() {
  const projects = process.argv.slice(2).filter((argument) => !["--write", "--list"].includes(argument));
  const reporters = ["--reporter=default", "--reporter=./scripts/countReporter.mjs"];
  const coverage = ["--coverage", "--coverage.reporter=json-summary", "--coverage.reporter=json"];
  const args = ["node_modules/vitest/vitest.mjs", "run", ...projects, ...reporters, ...coverage];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [, passed = 0, failed = 0] = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1) ?? [];
  return { code, passed: Number(passed), failed: Number(failed) };
}

/** Sums up a coverage summary by the rooms of src: percents, exact. */
export function summarise(summary) {
  return rooms.map((room) => {
    const files = Object.entries(summary).filter(([path]) => path.startsWith(`${root}src/${room}/`));
    const percent = (what) => {
      const sum = (field) => files.reduce((total, [, each]) => total + each[what][field], 0);
      return (100 * sum("covered")) / sum("total");
    };
    return { room, lines: percent("lines"), branches: percent("branches") };
  });
}

/** The table that docs/testing.md has of them. */
export function table(rows) {
  const cell = (percent) => `${Math.floor(percent)} %`;
  const line = ({ room, lines, branches }) => `| \`${room}\` | ${cell(lines)} | ${cell(branches)} |`;
  return ["| room of `src` | lines | branches |", "|---|---|---|", ...rows.map(line), ""].join("\n");
}

/** What is wrong with a page's table, by what was measured. */
export function compare(text, rows) {
  const stated = block.exec(text)?.[2] ?? "";
  return rows.flatMap(({ room, ...measured }) => {
    const row = new RegExp(`^\\| \`${room}\` \\| (\\d+) % \\| (\\d+) % \\|$`, "m").exec(stated);
    return ["lines", "branches"].flatMap((what, index) => {
      const said = Number(row?.[index + 1] ?? NaN);
      if (Math.abs(Math.floor(measured[what]) - said) <= tolerance) return [];
      return [`docs/testing.md states ${said} % for the ${what} of ${room}, measured ${measured[what].toFixed(1)} %`];
    });
  });
}

/** Prints the lines that nothing reaches, file by file. */
function list(coverage) {
  for (const [path, { statementMap, s }] of Object.entries(coverage)) {
    const missed = Object.keys(s).filter((id) => s[id] === 0);
    const lines = [...new Set(missed.map((id) => statementMap[id].start.line))].sort((a, b) => a - b);
    if (lines.length) console.log(`${path.slice(root.length)}: ${lines.join(", ")}`);
  }
}

async function main() {
  const result = await measure();
  const readJson = (name) => JSON.parse(readFileSync(`${root}.coverage/${name}`, "utf8"));
  const rows = summarise(readJson("coverage-summary.json"));
  if (process.argv.includes("--write"))
    writeFileSync(
      page,
      readFileSync(page, "utf8").replace(block, (_, start, __, end) => `${start}\n${table(rows)}\n${end}`),
    );
  if (process.argv.includes("--list")) list(readJson("coverage-final.json"));
  for (const { room, lines, branches } of rows)
    console.log(`${room}: ${lines.toFixed(1)} % of lines, ${branches.toFixed(1)} % of branches`);
  const problems = compare(readFileSync(page, "utf8"), rows);
  for (const problem of problems) console.log(`FAIL ${problem}: run "npm run coverage -- --write"`);
  // The comparison is a test of its own.
  const isTrue = problems.length === 0;
  console.log(`${result.passed + Number(isTrue)} passed, ${result.failed + Number(!isTrue)} failed`);
  process.exitCode = result.code || (isTrue ? 0 : 1);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main().catch(exit);
