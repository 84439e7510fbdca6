// Which pictures are made of the results, and how pages show them.
import { ours } from "../peer.ts";
import type { Row, Work } from "../work.ts";
import { drawChart, short, type Bar, type Panel, type Picture } from "./chart.ts";
import { costOf, isFloor, isGrowth, isLessBetter, isOurs, mineOf, titles, type Result } from "./results.ts";

type Shown = readonly (readonly [title: string, shown: string])[];

const onServers: Shown = [
  ["concurrent set, 100 B", "burst set, 100 B"],
  ["concurrent get, 100 B", "burst get, 100 B"],
  ["sequential set, 100 B", "sequential set, 100 B"],
  ["sequential get, 100 B", "sequential get, 100 B"],
  ["64 callers, set, 100 B", "64 callers, set, 100 B"],
  ["64 callers, get, 100 B", "64 callers, get, 100 B"],
  ["mix", "64 callers, 90 % get"],
];

/** The works that a suite's picture shows, by how their titles begin, and what they are called there. */
const shown: Readonly<Record<string, Shown>> = {
  indexeddb: [
    ["burst set, 100 B", "burst set, 100 B"],
    ["burst get, 100 B", "burst get, 100 B"],
    ["sequential set, 100 B", "sequential set, 100 B"],
    ["sequential get, 100 B", "sequential get, 100 B"],
    ["sequential set of 1,000", "sequential set of 1,000, 100 B"],
    ["sequential get of 2,000", "get of 2,000 again and again"],
    ["mix", "64 callers, 90 % get"],
    ["cold open to first value", "cold open to first value"],
  ],
  localstorage: [
    ["sequential set, 100 B", "set, 100 B"],
    ["sequential get, 100 B", "get, 100 B"],
    ["sequential set, 1 kB JSON", "set, 1 kB JSON"],
    ["sequential get, 1 kB JSON", "get, 1 kB JSON"],
  ],
  memory: [
    ["sequential set, 100 B", "set, 100 B"],
    ["sequential get, 100 B", "get, 100 B"],
    ["sequential set, JSON with a ttl", "set, JSON with a ttl"],
    ["sequential get, JSON with a ttl", "get, JSON with a ttl"],
    ["findMany, JSON with a ttl", "findMany of 10,000, JSON"],
    ["mix", "64 callers, 90 % get, JSON"],
  ],
  sqlite: onServers,
  valkey: onServers,
  http: [
    ["64 callers, set, 100 B", "64 callers, set, 100 B"],
    ["64 callers, get, 100 B", "64 callers, get, 100 B"],
    ["sequential, set, 100 B", "sequential set, 100 B"],
    ["sequential, get, 100 B", "sequential get, 100 B"],
    ["mix", "64 callers, 90 % get"],
  ],
  hits: ["Zipf 0.6", "Zipf 0.8", "Zipf 1.0", "Zipf 1.0 with scans", "Zipf 1.0, drifting", "Zipf 1.0 among a loop"].map(
    (trace) => [`${trace}, room for 10 %`, trace] as const,
  ),
  growth: [
    ["memory: set at random", "memory: set at random"],
    ["memory: get at random", "memory: get at random"],
    ["SQLite: set at random", "SQLite: set at random"],
    ["SQLite: get at random", "SQLite: get at random"],
    ["a bare Map behind one await: set", "a bare Map: set at random"],
    ["a bare Map behind one await: get", "a bare Map: get at random"],
    ["bare prepared statements in SQLite: set", "bare SQLite: set at random"],
    ["bare prepared statements in SQLite: get", "bare SQLite: get at random"],
  ],
  loads: [
    ["getOrSet, miss", "getOrSet, miss"],
    ["getOrSet, hit", "getOrSet, hit"],
    ["getOrSet, 1,000 callers", "getOrSet, 1,000 callers of one key"],
  ],
  held: [["200,000 entries of 100 B", "200,000 entries of 100 B"]],
  start: [["import, open in memory, first value", "import, open in memory, first value"]],
};

/** What pictures are called whose numbers are no calls a second. */
const called: Readonly<Record<string, string>> = {
  hits: "Hit rates: of 100 requests, with room for 10 % of the keys",
  growth: "Growth: calls a second, by how many entries there are",
  held: "Memory held: bytes an entry, less is better",
  start: "Cold start in a process: ms to the first value, less is better",
};

/** Returns the drawings of what was measured, by the names of their files. */
export function drawCharts(results: readonly Result[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const result of results) {
    const picture = pictureOf(result);
    if (!picture) continue;
    for (const theme of ["light", "dark"] as const) files.set(fileOf(result, theme), drawChart(picture, theme));
  }
  return files;
}

/** Returns what shows a suite's picture in a page, from which the charts lie in a folder; nothing if there is none. */
export function embedChart(result: Result, folder: string): string[] {
  const picture = pictureOf(result);
  if (!picture) return [];
  const alt = describe(picture).replaceAll('"', "'");
  return [
    "<picture>",
    `  <source media="(prefers-color-scheme: dark)" srcset="${folder}${fileOf(result, "dark")}">`,
    `  <img alt="${alt}" src="${folder}${fileOf(result, "light")}" width="830">`,
    "</picture>",
    "",
  ];
}

/** Says in one sentence what a picture shows. The numbers are in the page's tables. */
function describe({ title, panels }: Picture): string {
  const beside = panels.filter(({ bars }) => bars.some(({ mark }) => mark === "peer"));
  const ahead = beside.filter(({ bars }) => bars.every(({ mark, ours = 1 }) => mark !== "peer" || ours >= 1));
  const name = title.replace(": ", ", ");
  if (beside.length === 1)
    return `${name}: a bar chart in which shelflife is ${ahead.length ? "ahead of every peer" : "behind a peer"}.`;
  if (!beside.length) return `${name}: a bar chart of ${panels.length} works.`;
  return `${name}: shelflife is ahead of every peer in ${ahead.length} of the ${beside.length} works of this bar chart.`;
}

function fileOf({ suite }: Result, theme: string): string {
  return `${suite}-${theme}.svg`;
}

function pictureOf(result: Result): Picture | undefined {
  const found = (shown[result.suite] ?? []).flatMap(([begin, title]) => {
    const work = result.works.find((work) => work.title.startsWith(begin));
    return work && (mineOf(work) || isGrowth(work)) ? [{ work, title }] : [];
  });
  if (!found.length) return undefined;
  const panels = found.map(({ work, title }) => panelOf(work, title));
  const works = found.map(({ work }) => work);
  return { title: titleOf(result.suite, panels), notes: notesOf({ ...result, works }), panels };
}

function titleOf(suite: string, panels: readonly Panel[]): string {
  if (called[suite]) return called[suite];
  const name = titles[suite]!;
  const units = new Set(panels.map(({ unit }) => unit));
  const what = units.size === 1 ? `: ${[...units].join()}` : "";
  // localStorage is written as it is.
  return `${name === name.toLowerCase() ? name[0]!.toUpperCase() + name.slice(1) : name}${what}`;
}

function notesOf({ command, runtime, machine, date, works }: Result): string[] {
  const slow = works.flatMap(({ rows }) => rows).filter(({ calls }) => calls);
  const fewer = slow.length
    ? ` In bursts, ${[...new Set(slow.map(({ peer }) => peer))].join(", ")} make ${short(slow[0]!.calls!)} calls.`
    : "";
  const rounds = works.map(({ rounds = 1 }) => rounds);
  const most = Math.max(...rounds);
  const some = most > 1 ? `. Each is the middle of ${range(Math.min(...rounds), most)} rounds` : "";
  return [
    `Bars begin at 0 and are linear; each piece of work has a scale of its own${some}.${
      works.every(isGrowth) ? "" : " At the right: how many times as good shelflife is."
    }${fewer}`,
    `${runtime}, ${machine}, ${date.slice(0, 10)}: ${command}`,
  ];
}

const range = (from: number, to: number): string => (from === to ? String(from) : `${from} to ${to}`);

function panelOf(work: Work, title: string): Panel {
  if (isGrowth(work)) return growthOf(work, title);
  const sign = isLessBetter(work) ? 1 : -1;
  const rows = [...work.rows].sort((a, b) => sign * (a.median - b.median));
  const bars = rows.map((row) =>
    barOf(row, shortNameOf(row, rows), markOf(row, work), isOurs(row) ? undefined : row.ours),
  );
  return { title, unit: isLessBetter(work) ? `${work.unit}, less is better` : (work.unit ?? "calls a second"), bars };
}

/** The same at several sizes, the smallest first, each with its cost beside that. */
function growthOf({ rows }: Work, title: string): Panel {
  const bars = rows.map((row, index) =>
    barOf(row, row.peer.replace(/.* /, ""), isOurs(row) ? "ours" : "limit", index ? costOf(rows, row) : undefined),
  );
  return { title, unit: "calls a second", compared: "cost of one call", bars };
}

function barOf(row: Row, name: string, mark: Bar["mark"], ours: number | undefined): Bar {
  return { name, mark, value: row.median, worst: row.slowest, best: row.fastest, ours };
}

function markOf(row: Row, work: Work): Bar["mark"] {
  if (row === mineOf(work)) return "ours";
  if (isOurs(row)) return "variant";
  return isFloor(row) ? "limit" : "peer";
}

/** A name without what follows it, unless another has the same. */
function shortNameOf({ peer }: Row, rows: readonly Row[]): string {
  const short = (name: string): string =>
    name.startsWith(ours) ? name : name.replace(/(,| behind) .*/, "").replace(/^@isaacs\//, "");
  const isAlone = rows.filter((row) => short(row.peer) === short(peer)).length === 1;
  return isAlone ? short(peer) : peer;
}
