// Draws what was measured as bars: text in, text out, so that the same results always give the same file.

/** How a bar is marked: ours, ours in another way, a peer, or the bare platform. */
export type Mark = "ours" | "variant" | "peer" | "limit";

/** What one peer did. */
export interface Bar {
  readonly name: string;
  readonly mark: Mark;
  /** The middle round, and the worst and the best. */
  readonly value: number;
  readonly worst: number;
  readonly best: number;
  /** How many times as good ours is; absent of ours. */
  readonly ours?: number | undefined;
}

/** One piece of work. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  /** What the numbers at the right are. @default "ours beside it" */
  readonly compared?: string | undefined;
  readonly bars: readonly Bar[];
}

/** What is drawn in one file. */
export interface Picture {
  readonly title: string;
  /** What is said below, a paragraph each: the machine, the command, whatever must be known. */
  readonly notes: readonly string[];
  readonly panels: readonly Panel[];
}

/** What a picture is seen on. */
export type Theme = "light" | "dark";

const width = 830;
const padding = 20;
const gap = 34;
const rowHeight = 20;
const barHeight = 11;
const panelHead = 26;
const panelFoot = 20;
const nameSize = 12;
const valueSize = 11;
const noteSize = 11;
// The columns beside the bars: the number after a bar, and how ours compares.
const valueWidth = 50;
const oursWidth = 54;
// With longer names two panels do not fit side by side.
const longestBesideAnother = 138;

const colors = {
  light: {
    ground: "#ffffff",
    edge: "#d1d9e0",
    ink: "#1f2328",
    quiet: "#59636e",
    ours: "#0a63c9",
    variant: "#6ea8e8",
    peer: "#b3bcc6",
    limit: "#7d8792",
    loss: "#b3261e",
  },
  dark: {
    ground: "#0d1117",
    edge: "#30363d",
    ink: "#e6edf3",
    quiet: "#9198a1",
    ours: "#4493f8",
    variant: "#2b5d9e",
    peer: "#59636e",
    limit: "#8b949e",
    loss: "#ff8a80",
  },
} as const satisfies Record<Theme, Record<string, string>>;

/** Returns a drawing of the picture, as wide as a README. */
export function drawChart({ title, notes, panels }: Picture, theme: Theme): string {
  const color = colors[theme];
  const names = Math.max(
    ...panels.flatMap(({ bars }) => bars.map(({ name, mark }) => textWidth(name, nameSize, isMine(mark)))),
  );
  const columns = panels.length > 1 && names <= longestBesideAnother ? 2 : 1;
  const panelWidth = (width - 2 * padding - (columns - 1) * gap) / columns;
  const nameWidth = Math.ceil(names) + 8;

  const parts: string[] = [];
  let y = padding + 14;
  parts.push(text(padding, y, title, `class="head"`));
  y += 14;
  const legend = drawLegend(panels, y);
  parts.push(legend.drawn);
  y = legend.bottom + 16;
  const isOneUnit = new Set(panels.map(({ unit }) => unit)).size === 1;
  for (let index = 0; index < panels.length; index += columns) {
    const line = panels.slice(index, index + columns);
    line.forEach((panel, column) => {
      const x = padding + column * (panelWidth + gap);
      parts.push(drawPanel(panel, x, y, panelWidth, nameWidth, isOneUnit));
    });
    y += panelHead + Math.max(...line.map(({ bars }) => bars.length)) * rowHeight + panelFoot;
  }
  for (const line of notes.flatMap((note) => wrap(note, width - 2 * padding, noteSize))) {
    parts.push(text(padding, y + 8, line, `class="note"`));
    y += noteSize + 5;
  }
  const height = Math.ceil(y + padding - 2);
  const described = panels.map(describePanel).join("; ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="desc">${escape(described)}</desc>`,
    `<style>`,
    `text { font: ${nameSize}px system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: ${color.ink}; }`,
    `.head { font-size: 15px; font-weight: 600; } .panel { font-size: 12.5px; font-weight: 600; } .mine { font-weight: 600; }`,
    `.quiet, .note { fill: ${color.quiet}; } .note, .unit { font-size: ${noteSize}px; } .value { font-size: ${valueSize}px; } .loss { fill: ${color.loss}; font-weight: 600; }`,
    `.ours { fill: ${color.ours}; } .variant { fill: ${color.variant}; } .peer { fill: ${color.peer}; }`,
    `.limit { fill: ${color.limit}; fill-opacity: 0.14; stroke: ${color.limit}; stroke-dasharray: 3 2; } .whisker { stroke: ${color.ink}; stroke-opacity: 0.8; fill: none; } .axis { stroke: ${color.edge}; }`,
    `</style>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="${color.ground}" stroke="${color.edge}"/>`,
    ...parts,
    `</svg>`,
    "",
  ].join("\n");
}

/** Returns in words what a panel shows. */
function describePanel({ title, unit, bars }: Panel): string {
  return `${title}, ${unit}: ${bars.map(({ name, value }) => `${name} ${short(value)}`).join(", ")}`;
}

function drawLegend(panels: readonly Panel[], top: number): { drawn: string; bottom: number } {
  const marks = new Set(panels.flatMap(({ bars }) => bars.map(({ mark }) => mark)));
  const items: [drawn: (x: number, y: number) => string, label: string][] = [
    [(x, y) => box("ours", x, y, 12), "shelflife"],
  ];
  if (marks.has("variant")) items.push([(x, y) => box("variant", x, y, 12), "shelflife in another way"]);
  if (marks.has("peer")) items.push([(x, y) => box("peer", x, y, 12), "peers"]);
  if (marks.has("limit")) items.push([(x, y) => box("limit", x, y, 12), "the bare platform, by hand"]);
  if (panels.some(({ bars }) => bars.some(({ worst, best }) => worst !== best)))
    items.push([(x, y) => whisker(x, x + 12, y + barHeight / 2), "worst to best round"]);
  const drawn: string[] = [];
  let [x, y] = [padding, top];
  for (const [draw, label] of items) {
    const taken = 18 + textWidth(label, noteSize) + 16;
    if (x + taken > width - padding) [x, y] = [padding, y + 18];
    drawn.push(draw(x, y), text(x + 18, y + 10, label, `class="note"`));
    x += taken;
  }
  return { drawn: drawn.join("\n"), bottom: y + barHeight };
}

function drawPanel(panel: Panel, x: number, y: number, full: number, nameWidth: number, isOneUnit: boolean): string {
  const { title, unit, bars, compared = "ours beside it" } = panel;
  const isCompared = bars.some(({ ours }) => ours !== undefined);
  const from = x + nameWidth;
  const oursAt = x + full;
  const room = full - nameWidth - valueWidth - (isCompared ? oursWidth : 0);
  const most = Math.max(...bars.map(({ value, worst, best }) => Math.max(value, worst, best)));
  const at = (value: number): number => from + (most ? (value / most) * room : 0);
  const parts = [
    text(x, y + 10, title, `class="panel"`),
    // In the picture's title, if it is the same for all.
    ...(isOneUnit ? [] : [text(from, y + 24, unit, `class="quiet unit"`)]),
    ...(isCompared ? [text(x + full, y + 10, compared, `class="quiet unit" text-anchor="end"`)] : []),
  ];
  bars.forEach((bar, index) => {
    const top = y + panelHead + index * rowHeight;
    const base = top + barHeight - 1;
    const weight = isMine(bar.mark) ? " mine" : "";
    parts.push(text(from - 8, base, bar.name, `text-anchor="end"${weight && ` class="mine"`}`));
    parts.push(box(bar.mark, from, top, Math.max(1, at(bar.value) - from)));
    const [low, high] = [at(Math.min(bar.worst, bar.best)), at(Math.max(bar.worst, bar.best))];
    if (high - low > 2) parts.push(whisker(low, high, top + barHeight / 2));
    parts.push(text(Math.max(at(bar.value), high) + 6, base, short(bar.value), `class="value${weight}"`));
    if (bar.ours === undefined) return;
    // Where a peer is ahead, that is to be seen at once.
    const look = bar.mark === "peer" && bar.ours < 1 ? "value loss" : bar.mark === "peer" ? "value" : "value quiet";
    parts.push(text(oursAt, base, times(bar.ours), `class="${look}" text-anchor="end"`));
  });
  const bottom = y + panelHead + bars.length * rowHeight - (rowHeight - barHeight) + 3;
  parts.push(`<path class="axis" d="M${round(from - 0.5)} ${y + panelHead - 3}V${bottom}"/>`);
  return parts.join("\n");
}

function box(mark: Mark, x: number, y: number, length: number): string {
  // What is drawn by its edge is as large as what is filled.
  const inset = mark === "limit" ? 0.5 : 0;
  const [w, h] = [Math.max(0.5, length - 2 * inset), barHeight - 2 * inset];
  return `<rect class="${mark}" x="${round(x + inset)}" y="${round(y + inset)}" width="${round(w)}" height="${h}"/>`;
}

function whisker(from: number, to: number, y: number): string {
  const [a, b] = [round(from), round(to)];
  return `<path class="whisker" d="M${a} ${y - 2.5}v5M${a} ${y}H${b}M${b} ${y - 2.5}v5"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(content)}</text>`;
}

const isMine = (mark: Mark): boolean => mark === "ours" || mark === "variant";

/** At least how wide a text may get: by the widest of the usual fonts. */
export function textWidth(content: string, size: number, isBold = false): number {
  let width = 0;
  for (const character of content) {
    if (/[ijl.,:;'|!() ]/.test(character)) width += 0.36;
    else if (/[mwMW@%×÷]/.test(character)) width += 0.9;
    else if (/[A-Z0-9]/.test(character)) width += 0.68;
    else width += 0.61;
  }
  return width * size * (isBold ? 1.08 : 1);
}

function wrap(content: string, room: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Three digits of a number: 950, 33.1 k, 1.20 M. */
export function short(value: number): string {
  const [unit, name] = value >= 999_500 ? [1e6, " M"] : value >= 9995 ? [1e3, " k"] : [1, ""];
  const scaled = value / unit;
  if (unit === 1) {
    const rounded = Number(scaled.toPrecision(3));
    return rounded.toLocaleString("en", { maximumFractionDigits: 2 });
  }
  return `${scaled.toPrecision(3)}${name}`;
}

/** How many times as good ours is, as text: above ten without a fraction. */
export function times(ratio: number): string {
  const number = ratio < 0.1 ? String(Number(ratio.toPrecision(2))) : ratio.toFixed(ratio < 9.95 ? 2 : 0);
  return `${number} ×`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function escape(content: string): string {
  return content.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
}
