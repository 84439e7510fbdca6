import { isDeepStrictEqual } from "node:util";
import { each } from "./each.ts";

/** What does the work of the bench: a store of ours, a peer, or the bare platform. */
export interface Peer {
  readonly name: string;
  set(key: string, value: Uint8Array): unknown;
  get(key: string): unknown;
  /** Of one that has a better way to do many at once than many calls. */
  setAll?(items: readonly (readonly [key: string, value: Uint8Array])[]): unknown;
  getAll?(keys: readonly string[]): unknown[] | Promise<unknown[]>;
  close?(): unknown;
}

/** What was measured of one peer at one piece of work. */
export interface Row {
  readonly peer: string;
  /** Calls a second: the middle round, and the slowest and the fastest. */
  readonly median: number;
  readonly slowest: number;
  readonly fastest: number;
  /** Of the first round, when nothing was warm. */
  readonly cold: number;
  /** Ours to this: the middle of the rounds' ratios. */
  readonly ours: number;
}

export interface Work {
  readonly title: string;
  readonly calls: number;
  readonly rows: readonly Row[];
}

export interface Bench {
  readonly works: Work[];
  readonly rounds: number;
  /** Notes what the works ran on, if that is not this process. */
  ranOn(runtime: string): void;
  readonly runtime?: string | undefined;
  /** Lets every peer do the same work, in turns, and checks after each round what it stored or returned. */
  measure(title: string, peers: readonly Peer[], how: How): Promise<void>;
  /** Notes rates that were measured in another way: by peer, one a round. */
  note(title: string, calls: number, rates: ReadonlyMap<string, readonly number[]>): void;
}

export interface How {
  readonly what: "set" | "get";
  readonly calls: number;
  /** How many call at once, each in a row: 1 is one after the other, `Infinity` all in one tick. */
  readonly callers: number;
  readonly size?: number;
  /** The values, for peers that keep something else than bytes. @default bytes of that size */
  make?(index: number, round: number): any;
  /** Gives other keys than were set, of which nothing may be found. */
  readonly misses?: boolean;
}

/** What the command line says of how to measure. */
export interface SuiteOptions {
  /** The engine, where it is done in a browser. @default "chromium" */
  readonly browser?: string | undefined;
  /** A part of the title of the works that are wanted. */
  readonly only?: string | undefined;
  /** Parts of the names of the peers that are wanted. */
  readonly peers?: readonly string[] | undefined;
}

export type Suite = (bench: Bench, options: SuiteOptions) => Promise<void>;

/** The name by which our own rows begin. */
export const ours = "shelflife";

/** Keys as applications have them, in no order. */
export function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user:${(index * 7919) % count}:profile`);
}

/** Bytes that are of one key and one round alone. */
export function valueOf(index: number, round: number, size: number): Uint8Array {
  const value = new Uint8Array(size).fill(65 + (round % 20));
  new DataView(value.buffer).setUint32(0, index);
  return value;
}

export function createBench(rounds: number): Bench {
  const works: Work[] = [];
  const note: Bench["note"] = (title, calls, rates) => {
    const mine = [...rates].find(([name]) => name.startsWith(ours))?.[1] ?? [];
    const rows = [...rates].map(([peer, all]): Row => {
      const sorted = [...all].sort((a, b) => a - b);
      const ratios = all.map((rate, round) => mine[round]! / rate);
      return {
        peer,
        median: Math.round(median(all)),
        slowest: Math.round(sorted[0]!),
        fastest: Math.round(sorted.at(-1)!),
        cold: Math.round(all[0]!),
        ours: mine.length ? round2(median(ratios)) : 0,
      };
    });
    works.push({ title, calls, rows });
    show(title, calls, rows);
  };
  let runtime: string | undefined;
  return {
    works,
    rounds,
    ranOn: (name) => void (runtime = name),
    get runtime() {
      return runtime;
    },
    note,
    async measure(title, peers, how) {
      const rates = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
      for (let round = 0; round < rounds; round++) {
        // Nobody is always first.
        for (let turn = 0; turn < peers.length; turn++) {
          const peer = peers[(turn + round) % peers.length]!;
          rates.get(peer.name)!.push(await once(peer, how, round));
        }
      }
      note(title, how.calls, rates);
    },
  };
}

/** Does the work once and returns the calls a second. */
async function once(peer: Peer, how: How, round: number): Promise<number> {
  const { what, calls, callers, size = 100, misses } = how;
  const make = how.make ?? ((index, round) => valueOf(index, round, size));
  const keys = keysOf(calls);
  const stored = keys.map((key, index) => [key, make(index, what === "set" ? round : 0)] as const);
  if (what === "get" && round === 0) await work(peer, "set", stored, Infinity);
  const items = misses ? stored.map(([key]) => [`no ${key}`, undefined] as const) : stored;
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  const start = performance.now();
  const results = await work(peer, what, items, callers);
  const took = performance.now() - start;
  for (let index = 0; index < calls; index += Math.ceil(calls / 200)) {
    const [key, value] = items[index]!;
    const found = what === "get" ? results[index] : await peer.get(key);
    if (!isSame(found, value)) throw new Error(`${peer.name} did not return what was set under ${key}`);
  }
  return (calls / took) * 1000;
}

type Items = readonly (readonly [key: string, value: any])[];

async function work(peer: Peer, what: How["what"], items: Items, callers: number): Promise<unknown[]> {
  const call = what === "set" ? (item: Items[number]) => peer.set(...item) : (item: Items[number]) => peer.get(item[0]);
  if (callers === Infinity) {
    if (what === "set" && peer.setAll) return [await peer.setAll(items)];
    if (what === "get" && peer.getAll) return peer.getAll(items.map(([key]) => key));
  }
  return each(items, callers, call);
}

function isSame(found: unknown, value: unknown): boolean {
  if (value === undefined) return found === undefined || found === null;
  return isDeepStrictEqual(found instanceof Uint8Array ? new Uint8Array(found) : found, value);
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length % 2
    ? sorted[sorted.length >> 1]!
    : (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2;
}

const round2 = (number: number): number => Math.round(number * 100) / 100;

function show(title: string, calls: number, rows: readonly Row[]): void {
  console.log(`\n${title} (${calls} calls a round)`);
  for (const { peer, median, slowest, fastest, cold, ours } of rows) {
    const spread = `${slowest} to ${fastest}, cold ${cold}`;
    console.log(`  ${peer.padEnd(36)} ${String(median).padStart(9)}/s   ours ${ours.toFixed(2)} ×   (${spread})`);
  }
}

/** Loads a package of the bench by name, of which the project's types know nothing. */
export async function load(name: string): Promise<any> {
  return import(name);
}
