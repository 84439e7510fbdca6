import { letExit } from "./timers.ts";

// The number of the last write to a Storage. A Web Lock alone does not make writers follow one another: browsers bring what is
// written to a Storage to other processes without regard to locks, so that a context may get a lock and not see yet what was
// written under it just before. So a writer puts a number into the Storage after all else, and reports it by a lock with the
// number in its name. The next writer waits until it sees that number.
//
// The page may remove that number, or write something else in its place. So only a number that somebody reported counts; and
// who misses one asks its writer, by stealing the lock that reports it. The writer then puts it back, behind all that it wrote.

/** What a Storage has to have. */
export type NumberStorage = Pick<Storage, "getItem" | "setItem">;

/** The number of the last write to a Storage: as it is there, as others reported it, and as this context wrote it. */
export interface LastNumber {
  /** Reads the number in the Storage; 0 if there is none. */
  look(): number;
  /** Notes that another context wrote under a number. */
  hear(number: number): void;
  /** Notes which numbers locks report. */
  hearOf(held: readonly LockInfo[] | undefined): void;
  /** Puts the next number into the Storage, behind all that was written so far, and returns it; 0 if there is no room. */
  stamp(): number;
  /** Reports by a lock what this context wrote since it did so last. */
  report(): void;
  /** The highest number that was in sight. */
  seen(): number;
  /** Whether what was written under a number is in sight. */
  sees(number: number): boolean;
  /** Resolves when what was written under a number is in sight, or must be taken for lost. */
  inSight(number: number): Promise<void>;
  /** Waits for all that was heard of beyond a number, and resolves with the highest of those. */
  catchUp(from: number): Promise<number>;
  /** Calls when a number is gone that was there, since all else may be gone too. Returns how to stop. */
  onLost(lost: () => void): () => void;
}

/** What all that use a Storage in this context know of its number. */
interface Known {
  /** The highest that was reported. */
  heard: number;
  /** The highest of those that was in sight. What came before it stays so, even if a page removes it. */
  seen: number;
  /** The number that was in sight last, reported or not. */
  sighted: number;
  /** Whether there was anything. */
  isThere: boolean;
  /** What is called when it is gone. */
  readonly losses: Set<() => void>;
}

// How long the last writer reports its number: ms. Writes reach another process within a few.
const reportTime = 5000;

// How much longer each round of waiting is than the one before, if nothing happens: ms. Each is a way through the browser, too.
const roundTime = 5;
// After how many rounds the writer is asked, again and again: what it puts back may be written over.
const askingRound = 3;
// After how many ms, and rounds of which one may take a second in a hidden page, a number is given up: its writer's process may
// have ended before the write was on the way. That nobody reports it is no reason to give it up sooner: the locks of a tab that
// leaves are free at once, and what it wrote comes later: some ms in WebKit, and as late as it likes in a browser that is busy.
const longestWait = 5000;

const known = /* @__PURE__ */ new WeakMap<object, Map<string, Known>>();

function knownOf(storage: object, name: string): Known {
  let names = known.get(storage);
  if (!names) known.set(storage, (names = new Map()));
  let found = names.get(name);
  if (found) return found;
  names.set(name, (found = { heard: 0, seen: 0, sighted: 0, isThere: false, losses: new Set() }));
  const last = found;
  // What another context wrote, removed, or emptied, in its order, however late it is looked at.
  globalThis.addEventListener?.("storage", ({ storageArea, key, newValue }) => {
    if (storageArea !== storage || (key !== null && key !== name)) return;
    if (key === null) last.isThere = true;
    sight(last, newValue);
  });
  return found;
}

/** Notes what is in sight, and returns the number that it is, or 0. */
function sight(last: Known, item: string | null): number {
  const number = checked(Number(item));
  const isLost = last.isThere && item === null;
  last.isThere = item !== null;
  if (number) last.sighted = number;
  promote(last);
  if (isLost) for (const lost of last.losses) lost();
  return number;
}

function hear(last: Known, number: number): void {
  last.heard = Math.max(last.heard, checked(number));
  promote(last);
}

/** A number counts when it is in sight and was reported. The page may have put another there. */
function promote(last: Known): void {
  if (last.sighted <= last.heard) last.seen = Math.max(last.seen, last.sighted);
}

/** Returns a number that has room to grow, or 0. */
function checked(number: number): number {
  return Number.isSafeInteger(number * 2) ? number : 0;
}

/** The highest number that held locks report, which are those whose names begin with a mark. */
function highestReported(mark: string, held: readonly LockInfo[] = []): number {
  let highest = 0;
  for (const { name = "" } of held) {
    if (name.startsWith(mark)) highest = Math.max(highest, checked(Number(name.slice(mark.length))));
  }
  return highest;
}

/**
 * Returns the last number of a Storage, kept there as an item of that name and reported by locks of a mark. `open` may throw
 * as long as there is no Storage.
 */
export function createLastNumber(
  open: () => NumberStorage,
  name: string,
  mark: string,
  locks: LockManager | undefined,
): LastNumber {
  // The last that this context wrote here and has not reported, or 0.
  let unreported = 0;
  let stopReporting = (): void => {};

  const here = (): Known => knownOf(open(), name);

  const look = (): number => sight(here(), open().getItem(name));

  function sees(number: number): boolean {
    try {
      const last = here();
      if (last.seen < number) look();
      return last.seen >= number;
    } catch {
      return true; // There is nothing to see any more.
    }
  }

  function put(number: number): boolean {
    try {
      open().setItem(name, String(number));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Reports a number for some seconds. Requests are served in order: asked for while the writing lock is held, this one is there
   * when the next writer gets that.
   */
  function announce(number: number): void {
    stopReporting();
    let isHeld = false;
    const reported = new Promise<void>((resolve) => {
      stopReporting = resolve;
      letExit(setTimeout(resolve, reportTime));
    });
    const hold = (): Promise<void> => {
      isHeld = true;
      return reported;
    };
    // Somebody who misses the number stole the lock.
    locks?.request(mark + number, hold).catch(() => void (isHeld && putBack()));
  }

  /** Writes the number anew, behind all else, if it is not there. */
  function putBack(): void {
    try {
      const { seen, heard } = here();
      const number = look();
      if (number < seen || number > heard) put(seen);
      announce(seen);
    } catch {
      // There is nothing any more that could be put there.
    }
  }

  /** Waits for a number, and gives it up at last: it counts as seen from then on. */
  async function inSight(number: number): Promise<void> {
    const start = performance.now();
    for (let rounds = 0; !sees(number);) {
      if (rounds > askingRound && performance.now() - start >= longestWait) {
        here().seen = number;
        return;
      }
      // Events are no rounds: in a burst of them all would be over.
      if (!(await untilSighting(roundTime * (rounds + 1)))) continue;
      rounds++;
      const reported = highestReported(mark, (await locks?.query())?.held);
      hear(here(), reported);
      if (rounds % askingRound === 0 && reported >= number)
        await locks!.request(mark + reported, { steal: true }, () => {});
    }
  }

  return {
    look,
    hear: (number) => hear(here(), number),
    hearOf: (held) => hear(here(), highestReported(mark, held)),
    stamp() {
      const last = here();
      // Above all others even if a page cleared the Storage; and always of the same length, so that there is room for it.
      const number = Math.max(last.heard, look(), Date.now()) + 1;
      if (!put(number)) return 0;
      unreported = last.heard = last.seen = last.sighted = number;
      last.isThere = true;
      return number;
    },
    report() {
      if (unreported) announce(unreported);
      unreported = 0;
    },
    seen: () => here().seen,
    sees,
    inSight,
    async catchUp(from) {
      for (const last = here(); last.heard > from;) await inSight((from = last.heard));
      return from;
    },
    onLost(lost) {
      const { losses } = here();
      losses.add(lost);
      return () => void losses.delete(lost);
    },
  };
}

/** Resolves when something may have come into sight, with whether it only took too long. Not by a timer alone: in a hidden page those are slow. */
function untilSighting(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ms);
    signal.addEventListener("abort", () => resolve(true));
    globalThis.addEventListener?.("storage", () => resolve(false), { signal });
  });
}
