import type { Use } from "./use.ts";

/** What both sides hold at a moment. */
export interface Sample {
  readonly second: number;
  /** The process of the clients. */
  readonly here: Use;
  /** The process of the server. */
  readonly there: Use;
}

/** Returns what grew between the second quarter and the last: the first is when caches fill. */
export function findLeaks(taken: readonly Sample[]): string[] {
  const quarter = taken.length >> 2;
  const [early, late] = [taken.slice(quarter, 2 * quarter), taken.slice(-quarter)];
  return (["here", "there"] as const).flatMap((side) =>
    (["heap", "handles"] as const).flatMap((what) => {
      const [from, to] = [early, late].map((part) => middle(part, (sample) => sample[side][what])) as [number, number];
      const limit = from * 1.15 + (what === "heap" ? 4 << 20 : 40);
      const where = side === "here" ? "the clients" : "the server";
      return to > limit ? [`${what} of ${where} grew from ${from} to ${to}`] : [];
    }),
  );
}

/** Returns which side kept handles after the last client had gone. */
export function findKeptHandles(idle: Sample, end: Sample): string[] {
  const sides = [["Server", idle.there, end.there], ["Clients", idle.here, end.here]] as const; // prettier-ignore
  return sides.flatMap(([who, before, after]) => {
    const kept = after.handles - before.handles;
    return kept > 10 ? [`${who} kept ${kept} handles after the last client`] : [];
  });
}

/** The middle one of what a quarter of the samples say. */
function middle(part: readonly Sample[], read: (sample: Sample) => number): number {
  return part.map(read).sort((a, b) => a - b)[part.length >> 1]!;
}
