import { existsSync, readFileSync } from "node:fs";
import { ours } from "../peer.ts";
import { isLittleGood, mineAmong } from "../rows.ts";
import type { Row, Work } from "../work.ts";

/** What a run of a suite wrote down. */
export interface Result {
  readonly suite: string;
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly runtime: string;
  /** The peers' versions. */
  readonly versions: Readonly<Record<string, string>>;
  readonly works: readonly Work[];
  /** Which peers do not run there, and why. */
  readonly leftOut?: Readonly<Record<string, string>>;
}

/** The suites as they are called in what is read, in the order of a reader's interest. */
export const titles: Readonly<Record<string, string>> = {
  indexeddb: "IndexedDB",
  localstorage: "localStorage",
  memory: "memory",
  hits: "hit rates",
  loads: "loads",
  sqlite: "SQLite",
  valkey: "Valkey",
  http: "HTTP",
  growth: "growth",
  held: "memory held",
  start: "cold start",
};

const folder = new URL("../results/", import.meta.url);
const places = ["", "-firefox", "-webkit", "-bun", "-deno"];

function read(name: string): Result[] {
  const file = new URL(`${name}.json`, folder);
  return existsSync(file) ? [JSON.parse(readFileSync(file, "utf8")) as Result] : [];
}

/** Returns what was measured where it counts: in Chromium, and on Node 24. */
export function readResults(): Result[] {
  return Object.keys(titles).flatMap((suite) => read(suite));
}

/** Returns what was measured in other browsers and runtimes. */
export function readOthers(): Result[] {
  return Object.keys(titles).flatMap((suite) => places.slice(1).flatMap((place) => read(suite + place)));
}

/** What is ours in another way (`shelflife, buffered`) is ours and no peer. */
export const isOurs = ({ peer }: Row): boolean => peer.startsWith(ours);

/** Whether a peer is the platform itself: as fast as it can be, with none of what a store is for. */
export const isFloor = ({ peer }: Row): boolean => /^(bare|empty)\b/.test(peer);

/** Whether little is good of what a work counts. */
export const isLessBetter = ({ unit }: Pick<Work, "unit">): boolean => isLittleGood(unit);

/** Whether a work is the same thing at several sizes. */
export const isGrowth = ({ rows }: Work): boolean => rows.every(({ peer }) => /^.* (of|among) [\d,]+$/.test(peer));

/** How many times as much a call costs at a size as at the smallest. */
export function costOf(rows: readonly Row[], row: Row): number {
  // Of what is not ours there are no ratios.
  return row.ours || rows[0]!.median / row.median;
}

/** Whether a work counts how much of what is asked for is found. */
export const isHits = ({ unit }: Pick<Work, "unit">): boolean => unit === "% hits";

/** The row that others are compared with. */
export const mineOf = ({ rows }: Work): Row | undefined => mineAmong(rows);

/** The best of some rows. */
export function bestOf(work: Work, rows: readonly Row[]): Row | undefined {
  const sign = isLessBetter(work) ? -1 : 1;
  return [...rows].sort((a, b) => sign * (b.median - a.median))[0];
}
