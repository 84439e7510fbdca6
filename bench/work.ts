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

/** What was measured of all peers at one piece of work. */
export interface Work {
  readonly title: string;
  readonly calls: number;
  /** What the numbers count. @default "calls a second" */
  readonly unit?: Unit;
  /** How many rounds there were. */
  readonly rounds?: number;
  readonly rows: readonly Row[];
  /** When it was measured, if that was after the others that stand beside it. */
  readonly date?: string;
}

/** Of the last two, little is good. */
export type Unit = "calls a second" | "% hits" | "bytes an entry" | "ms";

/** What one peer did, a number for each round. */
export type Rates = ReadonlyMap<string, readonly number[]>;
