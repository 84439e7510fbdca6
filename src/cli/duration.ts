import { quote, StoreError } from "../core/error.ts";

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What a duration looks like. */
export const durations = "a duration such as 500ms, 30s, 5m, 12h, 7d, or a number of ms";

/** Returns the ms that a text such as "5m" or "1h30m" stands for, or `undefined` if it is no span of time above 0. */
export function readDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return above0(Number(text));
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)([a-z]+)/g)) sum += Number(count) * units[unit!]!;
  return above0(sum);
}

/** Returns the ms of a duration; throws `invalid-argument` that names what it was for. */
export function checkDuration(what: string, text: string): number {
  const duration = readDuration(text);
  if (duration !== undefined) return duration;
  throw new StoreError("invalid-argument", `Invalid ${what}: expected ${durations}, got ${quote(text)}`);
}

/** Writes a span of time in its two largest units, such as "4m 59s". */
export function writeDuration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  let rest = Math.floor(ms / 1000) * 1000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"]) {
    const count = Math.floor(rest / units[unit]!);
    rest -= count * units[unit]!;
    if (count || parts.length) parts.push(`${count}${unit}`);
  }
  return parts
    .slice(0, 2)
    .filter((part, index) => index === 0 || !part.startsWith("0"))
    .join(" ");
}

function above0(ms: number): number | undefined {
  return ms > 0 && ms < Infinity ? ms : undefined;
}
