import { createNumberReport, highestReported, untilSighting } from "../../core/writeNumber.ts";
import type { TextStorage } from "./textStorage.ts";

/** The number of the last write to a Storage: as it is there, as others reported it, and as this context wrote it. */
export interface LastNumber {
  /** Reads the number in the Storage; 0 if there is none. */
  look(): number;
  /** Notes that another tab wrote under a number. */
  hear(number: number): void;
  /** Notes which numbers locks report. */
  hearOf(held: readonly LockInfo[] | undefined): void;
  /** Puts the next number into the Storage, behind all that was written so far, and returns it; 0 if there is no room. */
  stamp(): number;
  /** Reports by a lock what this context wrote since it did so last. */
  report(): void;
  /** Whether what was written under a number is in sight. */
  sees(number: number): boolean;
  /** Resolves when what was written under a number is in sight, or must be taken for lost. */
  inSight(number: number): Promise<void>;
  /** Waits for all that was heard of beyond a number, and resolves with the highest of those. */
  catchUp(from: number): Promise<number>;
}

/** Where the last number is kept. No store may have it among its own keys. */
export const numberKey = "~shelflife";

const mark = "shelflife:localstorage#";

// How long a context waits for what another wrote: ms.
const longestWait = 5000;

/** Returns the last number of a Storage. */
export function createLastNumber(open: () => TextStorage, locks: LockManager | undefined): LastNumber {
  let heard = 0;
  // The highest that this context has seen: a page may remove it again.
  let seen = 0;
  // Whether this context wrote one that it has not reported.
  let isNew = false;
  const report = locks && createNumberReport(mark, locks);

  function look(): number {
    const number = Number(open().getItem(numberKey)) || 0;
    seen = Math.max(seen, number);
    return number;
  }

  function hear(number: number): void {
    heard = Math.max(heard, number);
  }

  function sees(number: number): boolean {
    try {
      if (seen < number) look();
    } catch {
      return true; // There is nothing to see any more.
    }
    return seen >= number;
  }

  /** Gives up at last: the writer's process may have ended before its write was on the way. */
  async function inSight(number: number): Promise<void> {
    for (const end = performance.now() + longestWait; !sees(number) && performance.now() < end;) await untilSighting();
  }

  return {
    look,
    hear,
    hearOf: (held) => hear(highestReported(mark, held)),
    stamp() {
      // Above all others even if a page cleared the Storage; and always of the same length, so that there is room for it.
      const number = Math.max(heard, look(), Date.now()) + 1;
      try {
        open().setItem(numberKey, String(number));
      } catch {
        return 0;
      }
      isNew = true;
      heard = seen = number;
      return number;
    },
    report() {
      if (isNew) report!(heard);
      isNew = false;
    },
    sees,
    inSight,
    async catchUp(from) {
      while (heard > from) await inSight((from = heard));
      return from;
    },
  };
}
