// Writes what the bench measured into the pages that show it, so that no number there is typed by hand.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Row, Work } from "./work.ts";
import { times } from "./report/chart.ts";
import { drawCharts, embedChart } from "./report/charts.ts";
import {
  bestOf,
  costOf,
  isFloor,
  isGrowth,
  isHits,
  isLessBetter,
  isOurs,
  mineOf,
  readOthers,
  readResults,
  titles,
  type Result,
} from "./report/results.ts";
import { writeTargets } from "./report/targets.ts";

const root = new URL("../", import.meta.url);
const charts = new URL("../docs/charts/", import.meta.url);
const begin = "<!-- The numbers, written by `npm run bench`. -->";
const end = "<!-- The end of the numbers. -->";

// The one of which the front page has the picture.
const first = "indexeddb";

/** The best of some rows, as a cell: how many times as good one of ours is. */
function against(work: Work, rows: readonly Row[], own: Row): string {
  const best = bestOf(work, rows);
  return best ? `${times(best.ours / own.ours)} ${best.peer}` : "–";
}

function rate(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 2 });
}

function measured(work: Work, { median }: Row): string {
  return isLessBetter(work) ? `${rate(median)} ${work.unit}` : rate(median);
}

/** Writes a line for each work: ours beside the best peer, and beside the bare platform. */
function table(results: readonly Result[]): string[] {
  const lines = ["| work | calls a second, unless a unit is given | beside the best peer | beside the bare platform |", "|---|---|---|---|"];
  for (const { suite, works, runtime } of results) {
    for (const work of works.filter((work) => mineOf(work) && !isGrowth(work) && !isHits(work))) {
      const others = work.rows.filter((row) => !isOurs(row));
      const where = /^(Node|Chromium) /.test(runtime) ? "" : ` (${runtime.split(" ")[0]})`;
      for (const own of work.rows.filter(isOurs)) {
        const way = own === mineOf(work) ? "" : ` (${own.peer.replace(/^shelflife,? /, "")})`;
        const peers = against(work, others.filter((row) => !isFloor(row)), own);
        const floor = against(work, others.filter(isFloor), own);
        lines.push(`| ${titles[suite]}${where}: ${work.title}${way} | ${measured(work, own)} | ${peers} | ${floor} |`);
      }
    }
  }
  return lines;
} // prettier-ignore

function section(title: string, intro: string, heads: readonly string[], lines: readonly string[]): string[] {
  return [`## ${title}`, "", intro, "", `| ${heads.join(" | ")} |`, `|${"---|".repeat(heads.length)}`, ...lines, ""];
}

/** Writes a line for each trace: what ours finds, and what the best peer does. */
function hits(results: readonly Result[]): string[] {
  const works = results.flatMap(({ works }) => works.filter(isHits));
  if (!works.length) return [];
  const parts = (work: Work): string[] => work.title.split(", room for ");
  const rooms = [...new Set(works.map((work) => parts(work)[1]!))];
  const lines = [...new Set(works.map((work) => parts(work)[0]!))].map((trace) => {
    const cells = rooms.map((room) => {
      const work = works.find((work) => work.title === `${trace}, room for ${room}`);
      const best = work && bestOf(work, work.rows.filter((row) => !isOurs(row)));
      return work && best ? `${rate(mineOf(work)!.median)} : ${rate(best.median)} ${best.peer.replace(/ behind .*/, "")}` : "–";
    });
    return `| ${[trace, ...cells].join(" | ")} |`;
  });
  const intro = "Hits in 100 requests, of shelflife and of the best peer, with room for a part of the keys.";
  return section("Hit rates", intro, ["requests", ...rooms], lines);
} // prettier-ignore

/** Writes a line for what was done at several sizes. */
function growth(results: readonly Result[]): string[] {
  const works = results.flatMap(({ suite, works }) =>
    works.filter(isGrowth).map((work) => [titles[suite], work] as const),
  );
  const sizeOf = ({ peer }: Row): number => Number(peer.replace(/.* /, "").replaceAll(",", ""));
  const sizes = [...new Set(works.flatMap(([, { rows }]) => rows.map(sizeOf)))].sort((a, b) => a - b);
  const heads = [...sizes.map((size) => size.toLocaleString("en")), "cost of the largest"];
  const lines = works.map(([name, { title, rows }]) => {
    const cells = sizes.map((size) => rows.find((row) => sizeOf(row) === size)?.median);
    const cost = costOf(rows, rows.at(-1)!);
    const numbers = cells.map((median) => (median === undefined ? "–" : rate(median)));
    return `| ${[`${name}: ${title}`, ...numbers, `${times(cost)} that of the smallest`].join(" | ")} |`;
  });
  return lines.length
    ? section("Growth", "Calls a second, by how many entries there are.", ["work", ...heads], lines)
    : [];
}

/** Writes a line for each work at which a peer is better. */
function losses(results: readonly Result[]): string[] {
  const lines = results.flatMap(({ suite, works }) =>
    works.flatMap((work) => {
      const best = bestOf(work, work.rows.filter((row) => !isOurs(row) && !isFloor(row)));
      if (!best || !mineOf(work) || best.ours >= 1) return [];
      return `| ${titles[suite]}: ${work.title} | ${best.peer} | ${times(best.ours)} |`;
    }),
  );
  const intro = "Every work at which a peer is faster. 0.70 × means that shelflife reaches 70 % of its speed.";
  return lines.length ? section("Where a peer is ahead", intro, ["work", "the best peer", "shelflife beside it"], lines) : [];
} // prettier-ignore

/** Writes what was run where, and the versions of the peers. */
function runs(results: readonly Result[]): string[] {
  const lines = results.map(({ command, runtime, machine, date, works, leftOut = {} }) => {
    const later = works.filter(({ date }) => date).map(({ title, date }) => `${title} on ${date!.slice(0, 10)}`);
    const out = Object.entries(leftOut).map(([peer, why]) => `${peer} is left out where it fails: ${why}`);
    return `- \`${command}\`: ${[`${runtime}, ${machine}, ${date.slice(0, 10)}`, ...later, ...out].join(". ")}`;
  });
  const used = new Map<string, string[]>();
  for (const { suite, versions } of results) {
    const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
    used.set(peers, [...(used.get(peers) ?? []), titles[suite]!]);
  }
  const peers = [...used].map(([peers, suites]) => `- Peers${used.size > 1 ? ` of ${[...new Set(suites)].join(", ")}` : ""}: ${peers}`);
  return [...lines, ...peers];
} // prettier-ignore

/** Returns the part of the front page: one picture. */
export function writeBrief(results: readonly Result[]): string {
  const shown = results.filter(({ suite }) => suite === first);
  return [begin, "", ...shown.flatMap((result) => embedChart(result, "docs/charts/")), end].join("\n");
}

/** Returns the part of the page of benchmarks: what we aim at, where a peer is ahead, pictures, then everything that was measured. */
export function writeReport(results: readonly Result[], others: readonly Result[]): string {
  return [
    begin,
    "",
    "## What we aim at",
    "",
    ...writeTargets(results),
    "",
    ...losses(results),
    "## Charts",
    "",
    ...results.flatMap((result) => embedChart(result, "charts/")),
    "## Every number",
    "",
    ...table(results),
    "",
    ...runs(results),
    "",
    ...hits(results),
    ...growth(results),
    ...(others.length ? ["## In other engines and runtimes", "", ...table(others), "", ...runs(others), ""] : []),
    end,
  ].join("\n");
}

/** Returns a page with the report in the place of the last one. */
export function withReport(page: string, report: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no place for numbers: expected "${begin}" and "${end}"`);
  return page.slice(0, from) + report + page.slice(to + end.length);
}

/** Returns every file that is made of the results, by its path from the project's folder. */
export function files(): Map<string, string> {
  const results = readResults();
  const page = (name: string, report: string): [string, string] => [
    name,
    withReport(readFileSync(new URL(name, root), "utf8"), report),
  ];
  return new Map([
    page("README.md", writeBrief(results)),
    page("docs/benchmarks.md", writeReport(results, readOthers())),
    ...[...drawCharts(results)].map(([name, svg]) => [`docs/charts/${name}`, svg] as const),
  ]);
}

/** The charts that there are, as paths from the project's folder. */
export function chartsPresent(): string[] {
  return existsSync(charts) ? readdirSync(charts).map((name) => `docs/charts/${name}`) : [];
}

/** Writes the pages and the charts anew, and takes away charts of what has no results any more. */
export function writeFiles(): void {
  const made = files();
  mkdirSync(charts, { recursive: true });
  for (const path of chartsPresent()) if (!made.has(path)) rmSync(new URL(path, root));
  for (const [path, content] of made) writeFileSync(new URL(path, root), content);
}
