import { createRandom } from "../random.ts";

/** All that is left to chance, the same for the same seed. */
export interface Chance {
  /** A number from 0 to 1. */
  next(): number;
  /** An integer from 0 to below a limit. */
  below(limit: number): number;
  /** Whether something happens that does so in a part of all cases. */
  is(part: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** A word that nobody had before. */
  word(): string;
}

export function createChance(seed: number): Chance {
  const next = createRandom(Math.imul(seed, 2654435761));
  const below = (limit: number): number => Math.floor(next() * limit);
  let words = 0;
  return {
    next,
    below,
    is: (part) => next() < part,
    pick: (choices) => choices[below(choices.length)]!,
    word: () =>
      below(2 ** 30)
        .toString(36)
        .padStart(6, "0") + (words++).toString(36),
  };
}

/** The faults of one seed: how often each happens, 0 for those that it does without. */
export interface Faults {
  lostRequest: number;
  lostAnswer: number;
  late: number;
  impatience: number;
  slow: number;
  partition: number;
  kill: number;
  restart: number;
  trim: number;
  forget: number;
  restore: number;
  clock: number;
  /** How often a clock is wrong for a while, where nothing else has all compared again. */
  astray: number;
  localQuota: number;
  /** A local store that is full for a while. */
  full: number;
  remoteQuota: number;
  lock: number;
  poison: number;
  tooLarge: number;
  /** Whether a server that restarts knows no replica any more. */
  isVolatile: boolean;
}

export function chooseFaults({ is }: Chance): Faults {
  const some = (part: number, often = 0.6): number => (is(often) ? part : 0);
  if (is(0.1)) return { ...noFaults, astray: 0.004, slow: some(0.3), kill: some(0.006, 0.3), partition: some(0.004) };
  return {
    lostRequest: some(0.06, 0.5),
    lostAnswer: some(0.06, 0.5),
    late: some(0.08),
    impatience: some(0.08, 0.5),
    slow: some(0.3),
    partition: some(0.008),
    kill: some(0.006),
    restart: some(0.005),
    trim: some(0.005),
    forget: some(0.003, 0.3),
    restore: some(0.002, 0.2),
    clock: some(0.008, 0.35),
    astray: 0,
    localQuota: some(0.02, 0.3),
    full: some(0.008, 0.3),
    remoteQuota: some(0.08, 0.3),
    lock: some(0.004, 0.3),
    poison: some(0.08, 0.3),
    tooLarge: some(0.06, 0.3),
    isVolatile: is(0.2),
  };
}

export const noFaults: Faults = {
  lostRequest: 0,
  lostAnswer: 0,
  late: 0,
  impatience: 0,
  slow: 0,
  partition: 0,
  kill: 0,
  restart: 0,
  trim: 0,
  forget: 0,
  restore: 0,
  clock: 0,
  astray: 0,
  localQuota: 0,
  full: 0,
  remoteQuota: 0,
  lock: 0,
  poison: 0,
  tooLarge: 0,
  isVolatile: false,
};
