import { doWork, type How } from "./doWork.ts";
import { inTurn, ours, type Peer } from "./peer.ts";
import { rowsOf, showWork } from "./rows.ts";
import type { Rates, Unit, Work } from "./work.ts";

/** What measures: it lets peers do the same work in turns, and keeps what came of it. */
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

/** What else is known of what was measured. */
export interface NoteOptions {
  readonly unit?: Unit;
  /** Of those that made fewer: how many calls, by peer. */
  readonly fewer?: Readonly<Record<string, number>>;
}

/** What the command line says of how to measure. */
export interface BenchOptions {
  readonly rounds: number;
  /** A part of the title of the works that are wanted. */
  readonly only?: string | undefined;
  /** Parts of the names of the peers that are wanted. */
  readonly peers?: readonly string[] | undefined;
  /** Prints a line meanwhile. @default the console's */
  say?(line: string): void;
}

/** Where a suite runs. */
export interface SuiteOptions {
  /** The engine, where it is done in a browser. @default "chromium" */
  readonly browser?: string | undefined;
}

/** A set of works that are measured together: what each file of suites exports as `suite`. */
export type Suite = (bench: Bench, options: SuiteOptions) => Promise<void>;

/** Returns a bench that measures so many rounds of what is asked for. */
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
    const rounds = [...rates.values()][0]?.length ?? 0;
    const work: Work = { title, calls, unit, rounds, rows: rowsOf(rates, unit, fewer) };
    works.push(work);
    for (const line of showWork(work)) say(line);
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
    measure: (title, peers, how) => compare(title, how.calls, peers, (peer, round) => doWork(peer, how, round)),
    compare,
  };
}
