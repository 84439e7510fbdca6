import type { Awaitable } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { createLastNumber, type NumberStorage } from "../../core/writeNumber.ts";

/** Who may change a medium that has no transactions, and when. */
export interface Turns {
  /** Does work while no other turn has any of these keys. */
  take<R>(keys: readonly string[], work: () => Promise<R>): Promise<R>;
  /** Does work while no other context does what has the same name. */
  alone<R>(name: string, work: () => Promise<R>): Promise<R>;
  /** Resolves when every turn taken so far is over. */
  settled(): Promise<void>;
}

/** What turns need of the platform. */
export interface TurnsOptions {
  /** Web Locks, which keep the contexts of an origin apart. Without them turns hold within this process only. */
  locks?: LockManager | undefined;
  /** Returns the Storage that the medium is, if it is one: what another process wrote can be seen there late. */
  storage?: (() => Awaitable<NumberStorage | undefined>) | undefined;
}

interface Waiting {
  readonly keys: readonly string[];
  start(): Promise<void>;
  fail(error: unknown): void;
}

// How long one context goes on while another may be waiting: ms.
const slice = 10;

type Hold = (work: () => Promise<void>) => Promise<void>;

/**
 * Returns the turns of a medium, kept by one lock of its name: what is asked for at once is done under one hold of it,
 * side by side where the keys differ.
 */
export function createTurns(medium: string, { locks, storage }: TurnsOptions): Turns {
  const hold = locks ? byLock(medium, locks, storage) : inProcess(medium);
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  async function startAll(): Promise<void> {
    const last = new Map<string, Promise<void>>();
    const batch = waiting;
    waiting = [];
    await Promise.all(
      batch.map(({ keys, start }) => {
        const mine = Promise.all(keys.map((key) => last.get(key))).then(start);
        for (const key of keys) last.set(key, mine);
        return mine;
      }),
    );
  }

  async function startUntilIdle(): Promise<void> {
    const end = performance.now() + slice;
    do {
      await startAll();
      // Lets callers that were answered ask for more: a caller that awaits each of its calls pays for one lock, not for each.
      for (let hop = 0; hop < 50 && !waiting.length; hop++) await Promise.resolve();
    } while (waiting.length && performance.now() < end);
  }

  async function run(): Promise<void> {
    while (waiting.length) {
      try {
        await hold(startUntilIdle);
      } catch (cause) {
        // A document that is going away gets no lock any more.
        const message = `Cannot lock ${quote(medium)}: expected the browser to grant it`;
        for (const { fail } of waiting.splice(0)) fail(new StoreError("unavailable", message, { cause }));
      }
    }
    running = undefined;
  }

  return {
    take: (keys, work) =>
      new Promise((resolve, fail) => {
        waiting.push({ keys, start: () => work().then(resolve, fail), fail });
        running ??= run();
      }),
    alone: (name, work) => (locks ? locks.request(`${medium}:${name}`, work) : work()),
    settled: async () => running,
  };
}

// For all that share a medium within one process, whichever store they belong to.
const tails = new Map<string, Promise<unknown>>();

function inProcess(medium: string): Hold {
  return (work) => {
    const mine = (tails.get(medium) ?? Promise.resolve()).then(work);
    tails.set(
      medium,
      mine.catch(() => {}),
    );
    return mine;
  };
}

/**
 * Holds a Web Lock. For a Storage that is not enough, so the number of the last write goes with it: each holder puts one into
 * the Storage after all else and reports it; the next one waits until it sees it.
 */
function byLock(medium: string, locks: LockManager, find: TurnsOptions["storage"]): Hold {
  let found: NumberStorage | undefined;
  // No name that a store in localStorage could have among its keys.
  const number = createLastNumber(() => found!, `~${medium}#`, `${medium}#`, locks);

  return (work) =>
    locks.request(medium, async () => {
      found = await find?.();
      if (!found) return work();
      number.hearOf((await locks.query()).held);
      await number.catchUp(0);
      await work();
      if (number.stamp()) return number.report();
      // Full to the last unit: let the work come into sight by itself before the lock goes on.
      await new Promise((resolve) => setTimeout(resolve, 1000));
    });
}
