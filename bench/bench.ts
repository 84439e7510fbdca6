import { once } from "./once.ts";

/** What does the work of the bench: a store of ours, a peer, or the bare platform. */
export interface Peer {
  readonly name: string;
  /** `ttl` is for those that can: ms. */
  set(key: string, value: any, ttl?: number): unknown;
  get(key: string): unknown;
  /** Of one that has a better way to do many at once than many calls. */
  setAll?(items: readonly Item[]): unknown;
  getAll?(keys: readonly string[]): unknown[] | Promise<unknown[]>;
  close?(): unknown;
}

export type Item = readonly [key: string, value: any, ttl?: number | undefined];

/** What was measured of one peer at one piece of work. */
export interface Row {
  readonly peer: string;
  /** Calls a second: the middle round, and the slowest and the fastest. */
  readonly median: number;
  readonly slowest: number;
  readonly fastest: number;
  /** Of the first round, when nothing was warm. */
  readonly cold: number;
  /** How many times as good as this ours is: the middle of the rounds' ratios. */
  readonly ours: number;
  /** Of one that is too slow for as many calls as the others make: how many it makes. */
  readonly calls?: number;
}

export interface Work {
  readonly title: string;
  readonly calls: number;
  /** What the numbers count. @default "calls a second" */
  readonly unit?: Unit;
  /** How many rounds there were. */
  readonly rounds?: number;
  readonly rows: readonly Row[];
}

/** Of the last two, little is good. */
export type Unit = "calls a second" | "% hits" | "bytes an entry" | "ms";

/** What one peer did, a number for each round. */
export type Rates = ReadonlyMap<string, readonly number[]>;

export interface Bench {
  readonly works: Work[];
  readonly rounds: number;
  /** Notes what the works ran on, if that is not this process. */
  ranOn(runtime: string): void;
  readonly runtime?: string | undefined;
  /** Which peers do not run here, and why. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Opens peers by their names. One that does not run here is left out, which is noted. */
  open<T>(makes: Readonly<Record<string, () => T | Promise<T>>>): Promise<(T & { readonly name: string })[]>;
  /** Notes that a peer does not run here, and why. Throws that if it is ours. */
  leaveOut(name: string, why: unknown): void;
  /** Whether a work, and of its peers which, was asked for. */
  isWanted(title: string): boolean;
  wanted<T extends { readonly name: string }>(peers: readonly T[]): T[];
  /** Lets every peer do the same work, in turns, and checks after each round what it stored or returned. */
  measure(title: string, peers: readonly Peer[], how: How): Promise<void>;
  /** Lets all do the same, in turns: `work` does it once, checks what came of it and resolves with the ms that it took. */
  compare<T extends { readonly name: string }>(
    title: string,
    calls: number,
    peers: readonly T[],
    work: (peer: T, round: number) => Promise<number>,
  ): Promise<void>;
  /** Notes what was measured in another way. */
  note(title: string, calls: number, rates: Rates, more?: NoteOptions): void;
}

export interface NoteOptions {
  readonly unit?: Unit;
  /** Of those that made fewer: how many calls, by peer. */
  readonly fewer?: Readonly<Record<string, number>>;
}

export interface How {
  /** A mix is what an application does: see `mixOf`. */
  readonly what: "set" | "get" | "mix";
  readonly calls: number;
  /** How many call at once, each in a row: 1 is one after the other, `Infinity` all in one tick. */
  readonly callers: number;
  readonly size?: number;
  /** The values, for peers that keep something else than bytes. @default bytes of that size */
  make?(index: number, round: number): any;
  /** The deadline of what is set, in a mix of half of it: ms. */
  readonly ttl?: number;
  /** Gives other keys than were set, of which nothing may be found. */
  readonly misses?: boolean;
}

/** What the command line says of how to measure. */
export interface BenchOptions {
  readonly rounds: number;
  /** A part of the title of the works that are wanted. */
  readonly only?: string | undefined;
  /** Parts of the names of the peers that are wanted. */
  readonly peers?: readonly string[] | undefined;
  /** Gets each line that is told meanwhile. @default the console's */
  say?(line: string): void;
}

export interface SuiteOptions {
  /** The engine, where it is done in a browser. @default "chromium" */
  readonly browser?: string | undefined;
}

export type Suite = (bench: Bench, options: SuiteOptions) => Promise<void>;

/** The name by which our own rows begin. */
export const ours = "shelflife";

export function createBench({ rounds, only = "", peers: parts, say = console.log }: BenchOptions): Bench {
  const works: Work[] = [];
  const leftOut: Record<string, string> = {};
  let runtime: string | undefined;
  const isWanted = (title: string): boolean => title.includes(only);
  const wanted: Bench["wanted"] = (peers) =>
    peers.filter(({ name }) => parts?.some((part) => name.includes(part)) ?? true);
  const leaveOut: Bench["leaveOut"] = (name, why) => {
    if (name.startsWith(ours)) throw why;
    leftOut[name] = String(why).split("\n")[0]!;
    say(`Left out ${name}: ${leftOut[name]}`);
  };
  const note: Bench["note"] = (title, calls, rates, { unit = "calls a second", fewer = {} } = {}) => {
    const work: Work = { title, calls, unit, rounds: [...rates.values()][0]?.length ?? 0, rows: [] };
    const rows = rowsOf(rates, unit === "ms" || unit === "bytes an entry", fewer);
    works.push({ ...work, rows });
    for (const line of show({ ...work, rows })) say(line);
  };
  const compare: Bench["compare"] = async (title, calls, all, work) => {
    const peers = wanted(all);
    if (!isWanted(title) || !peers.length) return;
    const rates = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const peer of inTurn(peers, round)) rates.get(peer.name)!.push((calls / (await work(peer, round))) * 1000);
    }
    note(title, calls, rates);
  };
  return {
    works,
    rounds,
    leftOut,
    leaveOut,
    isWanted,
    wanted,
    ranOn: (name) => void (runtime = name),
    get runtime() {
      return runtime;
    },
    async open(makes) {
      const peers = [];
      for (const [name, make] of Object.entries(makes)) {
        try {
          peers.push({ ...(await make()), name });
        } catch (error) {
          leaveOut(name, error);
        }
      }
      return peers;
    },
    note,
    measure: (title, peers, how) => compare(title, how.calls, peers, (peer, round) => once(peer, how, round)),
    compare,
  };
}

/** Returns the peers in the order of a round: nobody is always first. */
export function inTurn<T>(peers: readonly T[], round: number): T[] {
  return peers.map((_, turn) => peers[(turn + round) % peers.length]!);
}

/** Returns what is ours in the plain way, or else the first that is ours: what the others are compared with. */
export function mineAmong<T extends { readonly peer: string }>(rows: readonly T[]): T | undefined {
  return rows.find(({ peer }) => peer === ours) ?? rows.find(({ peer }) => peer.startsWith(ours));
}

function rowsOf(rates: Rates, isLessBetter: boolean, fewer: Readonly<Record<string, number>>): Row[] {
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

/** Of nothing to nothing it is 1, and it has an end. */
const ratio = (a: number, b: number): number => (a === b ? 1 : Math.min(a / b, 1e6));

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

function show({ title, calls, unit, rounds, rows }: Work): string[] {
  const lines = rows.map(({ peer, median, slowest, fastest, cold, ours, calls }) => {
    const spread = `${slowest} to ${fastest}, cold ${cold}${calls ? `, ${calls} calls` : ""}`;
    return `  ${peer.padEnd(36)} ${String(median).padStart(9)}   ours ${ours.toFixed(2)} ×   (${spread})`;
  });
  return [`\n${title} (${calls} calls a round, ${rounds} rounds, ${unit})`, ...lines];
}

/** Loads a package of the bench by name, of which the project's types know nothing. */
export async function load(name: string): Promise<any> {
  return import(name);
}
