// Writes what the bench measured into the pages that tell of it, so that no number there is typed by hand.
import { existsSync, readFileSync } from "node:fs";
import { ours, type Row, type Work } from "./bench.ts";

interface Result {
  readonly suite: string;
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly runtime: string;
  readonly works: readonly Work[];
}

const folder = new URL("results/", import.meta.url);
const root = new URL("../", import.meta.url);
const begin = "<!-- The numbers, written by `npm run bench`. -->";
const end = "<!-- The end of the numbers. -->";

// In the order of a reader's interest.
const titles: Readonly<Record<string, string>> = {
  indexeddb: "IndexedDB",
  localstorage: "localStorage",
  memory: "memory",
  sqlite: "SQLite",
  valkey: "Valkey",
  http: "HTTP",
};

/** Whether a peer is the platform itself: as fast as it can be, with none of what a store is for. */
const isFloor = ({ peer }: Row): boolean => /^(bare|empty)\b/.test(peer);

function read(): Result[] {
  return Object.keys(titles)
    .map((suite) => new URL(`${suite}.json`, folder))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Result);
}

/** The fastest of some rows, as a cell: how many times as fast ours is. */
function against(rows: readonly Row[]): string {
  const [best] = [...rows].sort((a, b) => b.median - a.median);
  return best ? `${best.ours.toFixed(best.ours < 10 ? 2 : 0)} × ${best.peer}` : "–";
}

function rate(perSecond: number): string {
  return Math.round(Number(perSecond.toPrecision(3))).toLocaleString("en");
}

/** Writes a table of works: ours beside the fastest peer, and beside the bare platform. */
function table(results: readonly Result[], isTold: (work: Work) => boolean): string[] {
  const lines = ["| work | calls a second | beside the fastest peer | beside the bare platform |", "|---|---|---|---|"];
  for (const { suite, works } of results) {
    for (const { title, rows } of works.filter(isTold)) {
      const mine = rows.find(({ peer }) => peer.startsWith(ours))!;
      // What is ours in another way is no peer.
      const others = rows.filter((row) => row !== mine && !/^(shelflife|strict)/.test(row.peer));
      const peers = against(others.filter((row) => !isFloor(row)));
      lines.push(
        `| ${titles[suite]}: ${title} | ${rate(mine.median)} | ${peers} | ${against(others.filter(isFloor))} |`,
      );
    }
  }
  return lines;
}

/** Tells what was measured: for the front page, of what most calls are; else of everything. */
export function writeReport(results: readonly Result[], isBrief: boolean): string {
  const places = results.map(
    ({ command, runtime, machine, date }) => `\`${command}\`: ${runtime}, ${machine}, ${date.slice(0, 10)}`,
  );
  return [
    begin,
    "",
    ...table(
      results,
      ({ title }) => !isBrief || /^(burst|concurrent|sequential|64 callers),? (set|get)\b(?!.*MiB)/.test(title),
    ),
    "",
    ...(isBrief ? [] : [...places.map((place) => `- ${place}`), ""]),
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

/** Puts the report into the pages that have a place for it. Returns them by their names. */
export function pages(): Map<string, string> {
  const results = read();
  return new Map(
    ["README.md", "bench/README.md"].map((name) => {
      const page = readFileSync(new URL(name, root), "utf8");
      return [name, withReport(page, writeReport(results, name === "README.md"))];
    }),
  );
}
