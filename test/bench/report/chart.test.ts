import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { drawChart, short, textWidth, times, type Bar, type Picture, type Theme } from "../../../bench/report/chart.ts";
import { drawCharts } from "../../../bench/report/charts.ts";
import { readResults } from "../../../bench/report/results.ts";

const bar = (name: string, mark: Bar["mark"], value: number, ours?: number): Bar => ({
  name,
  mark,
  value,
  worst: value * 0.8,
  best: value * 1.3,
  ours,
});

const picture: Picture = {
  title: "A store: calls a second",
  notes: ["Bars begin at 0 & are linear.", "word ".repeat(60).trim()],
  panels: [
    {
      title: "set <100 B>",
      unit: "calls a second",
      bars: [bar("shelflife", "ours", 1_000_000), bar("a peer", "peer", 2000, 500), bar("bare", "limit", 900_000, 1.1)],
    },
    { title: "get", unit: "calls a second", bars: [bar("a peer", "peer", 300, 0.5), bar("shelflife", "ours", 150)] },
  ],
};

interface Box {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where each text of a drawing is, at its widest. */
function textsOf(svg: string): Box[] {
  const sizes: Record<string, number> = { head: 15, panel: 12.5, note: 11, unit: 11, value: 11 };
  return [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" ([^>]*)>([^<]*)<\/text>/g)].map(
    ([, x, y, attributes, text]) => {
      const what = text!.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
      const name = Object.keys(sizes).find((name) => new RegExp(`class="[^"]*\\b${name}\\b`).test(attributes!));
      const size = name ? sizes[name]! : 12;
      const wide = textWidth(what, size, /class="[^"]*\b(mine|head|panel|loss)\b/.test(attributes!));
      const left = attributes!.includes("text-anchor") ? Number(x) - wide : Number(x);
      return { what, left, right: left + wide, top: Number(y) - size * 0.75, bottom: Number(y) };
    },
  );
}

function rectsOf(svg: string, name: string): number[] {
  return [...svg.matchAll(new RegExp(`<rect class="${name}"[^>]* width="([\\d.]+)"`, "g"))].map(([, wide]) =>
    Number(wide),
  );
}

function assertApart(svg: string): void {
  const texts = textsOf(svg);
  for (const [index, a] of texts.entries()) {
    assert.ok(a.left >= 0 && a.right <= 830 && a.bottom <= heightOf(svg), `"${a.what}" is inside`);
    for (const b of texts.slice(index + 1)) {
      const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      assert.ok(isApart, `"${a.what}" and "${b.what}" are apart`);
    }
  }
}

const heightOf = (svg: string): number => Number(/viewBox="0 0 830 (\d+)"/.exec(svg)![1]);

for (const theme of ["light", "dark"] as const satisfies Theme[]) {
  describe(`a chart, ${theme}`, () => {
    const svg = drawChart(picture, theme);

    test("has no text over another or beyond its edge", () => {
      assert.ok(textsOf(svg).length > 15);
      assertApart(svg);
    });

    test("is described to a reader who does not see it", () => {
      assert.match(svg, /role="img" aria-labelledby="title desc"/);
      assert.match(svg, /<title id="title">A store: calls a second<\/title>/);
      assert.match(svg, /<desc id="desc">set &#60;100 B&#62;, calls a second: shelflife 1\.00 M, a peer 2,000/);
    });

    test("loads nothing from elsewhere", () => {
      assert.doesNotMatch(svg.replace("http://www.w3.org/2000/svg", ""), /https?:|url\(|<script|@import/);
    });
  });
}

test("no chart of what was measured has a text over another", () => {
  const charts = drawCharts(readResults());
  assert.ok(charts.size >= 6);
  for (const svg of charts.values()) assertApart(svg);
});

test("bars are linear, from 0", () => {
  const svg = drawChart(picture, "light");
  // The first are of the legend.
  const [, first, second] = rectsOf(svg, "ours");
  const [, , peer] = rectsOf(svg, "peer");
  assert.ok(Math.abs(peer! - 2 * second!) < 0.2, "twice the calls, twice the bar");
  assert.ok(Math.abs(rectsOf(svg, "limit")[1]! + 1 - first! * 0.9) < 0.2);
});

test("where a peer is ahead it is marked, and where ours is it is not", () => {
  const svg = drawChart(picture, "light");
  assert.match(svg, /class="value loss"[^>]*>0\.50 ×/);
  assert.match(svg, /class="value"[^>]*>500 ×/);
});

test("long names get the whole width", () => {
  const [panel] = picture.panels;
  const name = "a peer with a driver that has a long name";
  const long = { ...panel!, bars: [...panel!.bars, bar(name, "peer", 5000, 200)] };
  const svg = drawChart({ ...picture, panels: [long, long] }, "light");
  assert.ok(heightOf(svg) > heightOf(drawChart(picture, "light")));
  assert.ok(Math.max(...rectsOf(svg, "ours")) > 300);
  assertApart(svg);
});

test("numbers have three digits", () => {
  assert.deepEqual([0, 0.123, 950, 1976, 33_076, 999_600, 1_234_567].map(short), [
    "0",
    "0.12",
    "950",
    "1,980",
    "33.1 k",
    "1.00 M",
    "1.23 M",
  ]);
  assert.deepEqual([0.844, 9.94, 15.83, 150].map(times), ["0.84 ×", "9.94 ×", "16 ×", "150 ×"]);
});
