import { StoreError } from "../core/error.ts";
import { letExit } from "../core/letExit.ts";

/** The slice of a Storage that is used. */
export type TextStorage = Pick<Storage, "getItem" | "key" | "length" | "removeItem" | "setItem">;

/** Makes one writer at a time of all tabs that write to a Storage. */
export interface Tabs {
  /** Does work alone, with everything in sight that others wrote before. Work of one turn shares a lock. */
  transact<R>(work: () => R): Promise<R>;
  /** Puts the next number into the Storage, behind all that was written so far, and returns it; 0 if there is no room. */
  stamp(): number;
  /** Notes that another tab wrote under a number. */
  hear(number: number): void;
  /** Whether what was written under a number is in sight. */
  sees(number: number): boolean;
  /** Resolves when what was written under a number is in sight, or must be taken for lost. */
  inSight(number: number): Promise<void>;
  /** Resolves when what was asked for is done. */
  settled(): Promise<void>;
}

interface Job {
  run(): void;
  reject(error: unknown): void;
}

/** Where the last number is kept. No store may have it among its own keys. */
export const numberKey = "~shelflife";

const lock = "shelflife:localstorage";
const mark = `${lock}#`;

// All in ms. How long one tab goes on while another may be waiting; how long it tells that it was the last; how long it
// waits for what another wrote. Writes get from tab to tab within a few.
const slice = 10;
const telling = 5000;
const patience = 5000;

/**
 * Returns the order of tabs. A lock alone is not enough: browsers bring what is written to a Storage to other processes
 * without regard to locks, so that a tab may hold the lock and not see yet what was written under it just before.
 *
 * So a writer puts a number into the Storage behind all else, in the task in which it answers its callers, and tells the
 * others that number: by a message (`hear`), and by a lock with the number in its name, which is asked for before the
 * writing lock is given back. Lock requests are served in order, so whoever gets the writing lock next finds it in `query`. He waits until
 * the number has come into his own sight, and with it, since a process's writes arrive in order, all that was written
 * before. What he waited for he writes behind, so this holds from writer to writer. A writer that goes away right after its
 * write takes its locks along; its message stays, for all who listened by then. What is left is a context that begins just
 * after that, which nothing tells to wait: it has the ms of its own start.
 */
export function createTabs(
  open: () => TextStorage,
  { locks, commit }: { locks: LockManager | undefined; commit(): void },
): Tabs {
  // The highest number that others told of, and the highest that this context has seen: a page may remove it again.
  let heard = 0;
  let seen = 0;
  const queue: Job[] = [];
  let running: Promise<void> | undefined;
  let stopTelling = (): void => {};

  function look(): number {
    const number = Number(open().getItem(numberKey)) || 0;
    seen = Math.max(seen, number);
    return number;
  }

  function hear(number: number): void {
    heard = Math.max(heard, number);
  }

  function stamp(): number {
    // Above all others even if a page cleared the Storage; and always of the same length, so that there is room for it.
    const number = Math.max(heard, look(), Date.now()) + 1;
    try {
      open().setItem(numberKey, String(number));
    } catch {
      return 0;
    }
    heard = seen = number;
    return number;
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
    for (const end = performance.now() + patience; !sees(number) && performance.now() < end;) {
      // Not by a timer alone: in a hidden tab those are slow, and this one may be what all others wait for.
      await new Promise<void>((resolve) => {
        const signal = AbortSignal.timeout(20);
        const wake = (): void => resolve();
        signal.addEventListener("abort", wake);
        globalThis.addEventListener?.("storage", wake, { signal });
      });
    }
  }

  async function hold(locks: LockManager): Promise<void> {
    const { held = [] } = await locks.query();
    let last = 0;
    for (const { name = "" } of held) if (name.startsWith(mark)) hear(Number(name.slice(mark.length)));
    while (heard > last) await inSight((last = heard));
    // Takes room for the number while there is some.
    if (!look()) stamp();
    const end = performance.now() + slice;
    do {
      for (const { run } of queue.splice(0)) run();
      // Lets those who were answered ask for more: a caller that awaits each of its calls pays for one lock, not for each.
      for (let turn = 0; turn < 50 && !queue.length; turn++) await Promise.resolve();
    } while (queue.length && performance.now() < end);
    // Still in the task in which the callers were answered: a tab does not go away in between.
    commit();
    if (heard > last) tell(locks);
  }

  function tell(locks: LockManager): void {
    const told = new Promise<void>((resolve) => {
      stopTelling();
      stopTelling = resolve;
    });
    letExit(setTimeout(stopTelling, telling));
    locks.request(mark + heard, () => told).catch(() => {});
  }

  async function run(locks: LockManager): Promise<void> {
    while (queue.length) {
      await locks
        .request(lock, () => hold(locks))
        .catch((cause: unknown) => {
          // A document that is going away gets no lock any more.
          const error = new StoreError("unavailable", "Cannot lock localStorage: expected the browser to grant it", {
            cause,
          });
          for (const { reject } of queue.splice(0)) reject(error);
        });
    }
    running = undefined;
  }

  return {
    hear,
    stamp,
    sees,
    inSight,
    transact(work) {
      return new Promise((resolve, reject) => {
        const attempt = (): void => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        };
        queue.push({ run: attempt, reject });
        running ??= run(locks!);
      });
    },
    settled: async () => running,
  };
}
