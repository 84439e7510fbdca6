import assert from "node:assert/strict";
import { test } from "vitest";
import type { Row, Work } from "../../../bench/work.ts";
import { drawCharts } from "../../../bench/report/charts.ts";
import { writeReport } from "../../../bench/report.ts";
import { readResults, type Result } from "../../../bench/report/results.ts";
import { reach, targets, writeTargets, type Target } from "../../../bench/report/targets.ts";

const row = (peer: string, median: number, ours: number): Row => ({
  peer,
  median,
  slowest: median,
  fastest: median,
  cold: median,
  ours,
});

const result = (works: Work[]): Result => ({
  suite: "memory",
  command: "npm run bench -- memory",
  date: "2026-01-01",
  machine: "a machine",
  runtime: "Node 24",
  versions: { "a peer": "1.0.0" },
  works,
});

const work: Work = {
  title: "set",
  calls: 10,
  rows: [
    row("shelflife", 100, 1),
    row("shelflife, buffered", 800, 0.125),
    row("a peer", 50, 2),
    row("a better peer", 80, 1.25),
    row("bare Map", 200, 0.5),
  ],
};

const at = (target: Omit<Target, "suite" | "work">): ReturnType<typeof reach>[number] =>
  reach([result([work])], [{ suite: "memory", work: "set", ...target }])[0]!;

test("a target is held against the best peer, a named one, or the bare platform", () => {
  assert.deepEqual([at({ atLeast: 1.25 }).peer, at({ atLeast: 1.25 }).isReached], ["a better peer", true]);
  assert.equal(at({ atLeast: 1.3 }).isReached, false);
  assert.equal(at({ against: "a peer", atLeast: 2 }).times, 2);
  assert.equal(at({ against: "bare Map", atLeast: 0.4 }).isReached, true);
  assert.equal(at({ row: "shelflife, buffered", atLeast: 8 }).times, 10);
});

test("a way of ours is held against another", () => {
  const ways: Work = {
    title: "sequential update, 100 B",
    calls: 10,
    rows: [
      row("shelflife", 100, 1),
      row("shelflife, transact of one key", 95, 1.05),
      row("shelflife, transact of ten keys", 40, 2.5),
    ],
  };
  const [one, ten] = reach([result([ways])]).filter(
    ({ target }) => target.suite === "memory" && target.work === ways.title,
  );
  assert.deepEqual([one!.peer, one!.times, one!.isReached], ["shelflife", 0.95, true]);
  assert.deepEqual([ten!.times, ten!.isReached], [0.4, false]);
});

test("what was not measured is neither reached nor missed", () => {
  assert.equal(at({ row: "shelflife, cached", atLeast: 1 }).isReached, undefined);
  assert.equal(at({ against: "nobody", atLeast: 1 }).isReached, undefined);
  assert.equal(reach([], targets)[0]!.isReached, undefined);
});

test("of what is measured less of, little is good", () => {
  const held: Work = {
    ...work,
    unit: "bytes an entry",
    rows: [row("shelflife", 100, 1), row("a peer", 150, 1.5), row("another", 90, 0.9)],
  };
  assert.equal(reach([result([held])], [{ suite: "memory", work: "set", atLeast: 1 }])[0]!.peer, "another");
});

test("a page says of every target what became of it", () => {
  const lines = writeTargets([]).slice(2);
  assert.equal(lines.length, targets.length);
  for (const line of lines) assert.match(line, /\| not measured \|$/);
});

test("every target is about a work that its suite measures", () => {
  for (const { suite, works } of readResults()) {
    for (const target of targets.filter((target) => target.suite === suite))
      assert.ok(
        works.some(({ title }) => title === target.work),
        `${suite}: ${target.work}`,
      );
  }
});

test("the same at several sizes is named by the size", () => {
  const grown: Work = {
    title: "memory: get at random",
    calls: 10,
    rows: [row("shelflife of 1,000", 100, 1), row("shelflife of 1,000,000", 80, 1.25)],
  };
  const results = [{ ...result([grown]), suite: "growth" }];
  const report = writeReport(results, []);
  assert.match(report, /\| work \| 1,000 \| 1,000,000 \| cost of the largest \|/);
  assert.match(report, /\| growth: memory: get at random \| 100 \| 80 \| 1.25 × that of the smallest \|/);
  assert.match(
    report,
    /growth: memory: get at random \(of 1,000,000\), at most 1.3 times the cost \| shelflife of 1,000 \| 0.77 × \| 0.80 × \| yes \|/,
  );
});

test("the same at several sizes is drawn from the smallest to the largest, each with its cost", () => {
  const rows = [row("shelflife of 1,000", 80, 1), row("shelflife of 1,000,000", 100, 0.8)];
  const bare = [row("bare Map of 1,000", 100, 0), row("bare Map of 1,000,000", 25, 0)];
  const works = [
    { title: "memory: get at random", calls: 10, rows },
    { title: "a bare Map behind one await: get at random", calls: 10, rows: bare },
  ];
  const svg = drawCharts([{ ...result(works), suite: "growth" }]).get("growth-light.svg")!;
  const texts = [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text!);
  const of = (title: string): string[] => texts.slice(texts.indexOf(title), texts.indexOf(title) + 7);
  const sizes = ["1,000", "80", "1,000,000", "100", "0.80 ×"];
  assert.deepEqual(of("memory: get at random"), ["memory: get at random", "cost of one call", ...sizes]);
  assert.ok(of("a bare Map: get at random").includes("4.00 ×"));
});

test("what is ours in another way has a line of its own", () => {
  const report = writeReport([result([work])], []);
  assert.match(report, /\| memory: set \| 100 \| 1.25 × a better peer \| 0.50 × bare Map \|/);
  assert.match(report, /\| memory: set \(buffered\) \| 800 \| 10 × a better peer \| 4.00 × bare Map \|/);
});

test("the peers' versions are shown, once if they are the same for all", () => {
  const two = [result([work]), { ...result([work]), suite: "held" }];
  assert.match(writeReport(two, []), /\n- Peers: a peer 1\.0\.0\n/);
  const report = writeReport([...two, { ...result([work]), suite: "start", versions: { "a peer": "2.0.0" } }], []);
  assert.match(report, /\n- Peers of memory, memory held: a peer 1\.0\.0\n- Peers of cold start: a peer 2\.0\.0\n/);
});

test("hit rates are shown by the trace and the room, beside the best peer's", () => {
  const of = (room: string, mine: number, other: number): Work => ({
    title: `Zipf 1.0, room for ${room}`,
    calls: 10,
    unit: "% hits",
    rows: [
      row("shelflife (SIEVE)", mine, 1),
      row("lru-cache behind one await", other, mine / other),
      row("worse", 1, mine),
    ],
  });
  const report = writeReport([{ ...result([of("5 %", 60, 50), of("10 %", 70, 75)]), suite: "hits" }], []);
  assert.match(report, /\| requests \| 5 % \| 10 % \|/);
  assert.match(report, /\| Zipf 1.0 \| 60 : 50 lru-cache \| 70 : 75 lru-cache \|/);
});
