// The three kinds of figures that Prometheus reads, in its text format.

/** The labels of a series, in the order of their names. */
export type Labels = Readonly<Record<string, string | number | undefined>>;

/** Figures under one name. */
export interface Meter {
  /** Appends lines. */
  write(lines: string[]): void;
}

/** Something that is counted up, or up and down. */
export interface Counter extends Meter {
  add(labels: Labels, step?: number): void;
}

/** Something that is measured. */
export interface Histogram extends Meter {
  record(labels: Labels, value: number): void;
}

const escapes: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

/** Writes labels as they stand in a line: what is undefined is left out. */
function format(labels: Labels): string {
  let text = "";
  for (const name in labels) {
    const value = labels[name];
    if (value === undefined) continue;
    text += `${text && ","}${name}="${String(value).replace(/[\\"\n]/g, (mark) => escapes[mark]!)}"`;
  }
  return text;
}

const inBraces = (labels: string): string => labels && `{${labels}}`;

export function createCounter(name: string, help: string, type: "counter" | "gauge" = "counter"): Counter {
  const series = new Map<string, number>();
  return {
    add(labels, step = 1) {
      const key = format(labels);
      series.set(key, (series.get(key) ?? 0) + step);
    },
    write(lines) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [labels, value] of series) lines.push(`${name}${inBraces(labels)} ${value}`);
    },
  };
}

export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const series = new Map<string, { sum: number; readonly counts: Float64Array }>();
  return {
    record(labels, value) {
      const key = format(labels);
      let row = series.get(key);
      if (!row) series.set(key, (row = { sum: 0, counts: new Float64Array(bounds.length + 1) }));
      let at = 0;
      while (at < bounds.length && value > bounds[at]!) at++;
      row.counts[at]!++;
      row.sum += value;
    },
    write(lines) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`);
      for (const [labels, { sum, counts }] of series) {
        const before = labels && `${labels},`;
        let count = 0;
        for (const [at, each] of counts.entries()) {
          count += each;
          lines.push(`${name}_bucket{${before}le="${bounds[at] ?? "+Inf"}"} ${count}`);
        }
        lines.push(`${name}_sum${inBraces(labels)} ${sum}`, `${name}_count${inBraces(labels)} ${count}`);
      }
    },
  };
}
