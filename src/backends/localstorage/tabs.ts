import type { Awaitable } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { letExit } from "../../core/timers.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";

/** The slice of a Storage that is used. */
export type TextStorage = Pick<Storage, "getItem" | "key" | "length" | "removeItem" | "setItem">;

/** Makes one writer at a time of all tabs that write to a Storage. */
export interface Tabs {
  /** Does work alone, with everything in sight that others wrote before: at once, if this tab's turn is going on. */
  transact<R>(work: () => R): Awaitable<R>;
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
const mark = "shelflife:localstorage#";

// All in ms. How long one tab goes on before it lets its page do something else, and looks whether another tab waits; how
// long it goes on if none is seen to; how long it tells that it was the last; how long it waits for what another wrote.
// Writes get from tab to tab within a few.
const slice = 10;
const longest = 500;
const telling = 5000;
const patience = 5000;
// After so many turns in which nothing was asked for, nobody is taken to go on in this task.
const idle = 50;

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
 *
 * A tab keeps the lock while calls follow one another, and no longer: an idle one has none. In between it lets its page do
 * something else, with all that was answered committed; a page that is left then asks for the lock anew if it comes back. If
 * a tab is frozen just then, others wait until it goes on or is discarded, as they do for one that is frozen while it waits
 * for what another wrote.
 */
export function createTabs(
  open: () => TextStorage,
  { locks, commit }: { locks: LockManager | undefined; commit(): void },
): Tabs {
  // The highest number that others told of, and the highest that this context has seen: a page may remove it again.
  let heard = 0;
  let seen = 0;
  // The last number that this context wrote.
  let own = 0;
  const queue: Job[] = [];
  let running: Promise<void> | undefined;
  // Whether work may be done at once: under the lock, in a task that ends with a commit, and not in the midst of other work.
  let isOpen = false;
  // How much was done.
  let count = 0;
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
    heard = seen = own = number;
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
    const before = own;
    let isOurs = true;
    // A page that is left while it has the lock may come back without it.
    const stopHearing = onPageEvents(["pagehide"], () => void (isOurs = false));
    try {
      const { held = [], pending } = await locks.query();
      for (const { name = "" } of held) if (name.startsWith(mark)) hear(Number(name.slice(mark.length)));
      let isWanted = isWaitedFor(pending);
      const end = performance.now() + longest;
      for (let last = 0; ;) {
        // A message of who went away may come late, when the lock is there already.
        while (heard > last) await inSight((last = heard));
        if (!isOurs) return;
        // Takes room for the number while there is some.
        if (!look()) stamp();
        if (!(await goOn()) || isWanted || performance.now() >= end) return;
        // To give the lock away and get it again takes about as long as all that is done in a slice. Behind many writes the
        // answer is slow, so it is not waited for.
        locks.query().then(
          ({ pending }) => (isWanted = isWaitedFor(pending)),
          () => (isWanted = true),
        );
        await nextTask();
      }
    } finally {
      stopHearing();
      if (own > before) tell(locks);
    }
  }

  /** Does what is asked for in this task, and commits it. Tells whether there may be more to come. */
  async function goOn(): Promise<boolean> {
    const end = performance.now() + slice;
    drain();
    isOpen = true;
    // Lets those who were answered ask for more: a caller that awaits each of its calls pays for one lock, not for each.
    let turn = 0;
    for (let seen = count; turn < idle && performance.now() < end; seen = count) {
      await Promise.resolve();
      drain();
      turn = seen === count ? turn + 1 : 0;
    }
    isOpen = false;
    // Still in the task in which the callers were answered: a tab does not go away in between.
    commit();
    return turn < idle;
  }

  function drain(): void {
    while (queue.length) for (const { run } of queue.splice(0)) run();
  }

  function alone<R>(work: () => R): R {
    const wasOpen = isOpen;
    isOpen = false;
    count++;
    try {
      return work();
    } finally {
      isOpen = wasOpen;
    }
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
    for (let failures = 0; queue.length;) {
      try {
        await locks.request(lock, () => hold(locks));
        failures = 0;
      } catch (cause) {
        // A page that came back lost what it had asked for before it was left. One that is going away gets no lock any more.
        if (!failures++) continue;
        const error = new StoreError("unavailable", "Cannot lock localStorage: expected the browser to grant it", {
          cause,
        });
        for (const { reject } of queue.splice(0)) reject(error);
      }
    }
    running = undefined;
  }

  return {
    hear,
    stamp,
    sees,
    inSight,
    transact(work) {
      if (isOpen && !queue.length) return alone(work);
      return new Promise((resolve, reject) => {
        const attempt = (): void => {
          try {
            resolve(alone(work));
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

function isWaitedFor(pending: readonly LockInfo[] = []): boolean {
  return pending.some(({ name }) => name === lock);
}

/** Resolves in a task of its own, after those that wait already. Not by a timer: in a hidden tab those are slow. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
