import { ours } from "./peer.ts";
import type { Rates, Row, Unit, Work } from "./work.ts";

/** Returns what is ours in the plain way, or else the first that is ours: what the others are compared with. */
export function mineAmong<T extends { readonly peer: string }>(rows: readonly T[]): T | undefined {
  return rows.find(({ peer }) => peer === ours) ?? rows.find(({ peer }) => peer.startsWith(ours));
}

/** Returns a row for each peer: its rounds in short, and how many times as good ours is. */
export function rowsOf(rates: Rates, unit: Unit, fewer: Readonly<Record<string, number>>): Row[] {
  const isLessBetter = isLittleGood(unit);
  const mine = mineAmong([...rates].map(([peer, all]) => ({ peer, all })))?.all ?? [];
  return [...rates].map(([peer, all]) => {
    const sorted = [...all].sort((a, b) => (isLessBetter ? b - a : a - b));
    const ratios = all.map((rate, round) => (isLessBetter ? ratio(rate, mine[round]!) : ratio(mine[round]!, rate)));
    return {
      peer,
      median: digits(median(all)),
      slowest: digits(sorted[0]!),
      fastest: digits(sorted.at(-1)!),
      cold: digits(all[0]!),
      ours: mine.length ? roundRatio(median(ratios)) : 0,
      ...(fewer[peer] && { calls: fewer[peer] }),
    };
  });
}

/** Whether little is good of what a unit counts. */
export const isLittleGood = (unit: Unit | undefined): boolean => unit === "ms" || unit === "bytes an entry";

/** Of nothing to nothing it is 1, and it has an end. */
const ratio = (a: number, b: number): number => (a === b ? 1 : Math.min(a / b, 1e6));

/** The middle one, or what is between the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length % 2
    ? sorted[sorted.length >> 1]!
    : (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2;
}

const round2 = (number: number): number => Math.round(number * 100) / 100;

/** With two digits behind the point, or two at all of what is less than a tenth. */
const roundRatio = (number: number): number => (number < 0.1 ? Number(number.toPrecision(2)) : round2(number));

/** Whole from 1,000 on, else with two digits behind the point. */
const digits = (number: number): number => (number >= 1000 ? Math.round(number) : round2(number));

/** Returns the lines that show a work on a terminal. */
export function showWork({ title, calls, unit, rounds, rows }: Work): string[] {
  const lines = rows.map(({ peer, median, slowest, fastest, cold, ours, calls }) => {
    const spread = `${slowest} to ${fastest}, cold ${cold}${calls ? `, ${calls} calls` : ""}`;
    return `  ${peer.padEnd(36)} ${String(median).padStart(9)}   ours ${ours.toFixed(2)} ×   (${spread})`;
  });
  return [`\n${title} (${calls} calls a round, ${rounds} rounds, ${unit})`, ...lines];
}
