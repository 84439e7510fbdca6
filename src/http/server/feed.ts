import type { Change, Store } from "../../core/contract.ts";
import { letExit } from "../../core/timers.ts";

/** Where a reader of changes is: after which change, counted from the beginning of a log. */
export interface Place {
  readonly log: Log;
  at: number;
}

/** The changes of a store from one moment on: what a client reads that comes and goes. */
export interface Log {
  /** Returns the name of a place, good for as long as the log is kept. */
  id(at: number): string;
  /** Returns the place that a name stands for, `undefined` for none of this log's or one that it has forgotten. */
  find(id: string): number | undefined;
  /** Where the log ends, which is where the next change goes. */
  readonly end: number;
  /** Where what it still knows begins. */
  readonly start: number;
  /** Returns the change after a place. */
  read(at: number): Change;
  /** Resolves when something was added or the log is over. */
  grown(): Promise<void>;
  /** What has become of it: the store told all there was, or failed. */
  readonly over: { readonly error?: unknown } | undefined;
}

/** The one watch of a store that all its readers share. */
export interface Feed {
  /**
   * Resolves once the store tells its changes, with where a reader begins who hears of all since this call, and rejects when
   * the store refuses to.
   */
  join(): Promise<Place>;
  /** Every `join` is followed by one `leave`. */
  leave(): void;
}

// How many changes a log remembers at least for those who come back.
const capacity = 10_000;

/** Returns the feed of a store. It watches while there are readers, and so many ms longer. */
export function createFeed(store: Store, linger: number): Feed {
  let readers = 0;
  let joining: Promise<Log> | undefined;
  let current: Log | undefined;
  let stop = (): void => {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function begin(): Promise<Log> {
    const changes = store.watch();
    const first = changes.next();
    // What is asked of a store after a watch waits until that has begun; a refusal is told a moment later, by the watch.
    const begun = store.findMany([]).then(
      () => new Promise((resolve) => setTimeout(resolve, 0)),
      () => first,
    );
    await Promise.race([first, begun]);
    const { log, add, finish } = createLog();
    const follow = async (): Promise<void> => {
      for (let step = await first; !step.done; step = await changes.next()) add(step.value);
    };
    follow().then(
      () => finish({}),
      (error) => finish({ error }),
    );
    // One that has failed says so again.
    stop = () => void changes.return!().catch(() => {});
    return (current = log);
  }

  function rest(): void {
    joining = current = undefined;
    stop();
  }

  return {
    async join() {
      readers++;
      clearTimeout(timer);
      const before = current;
      const at = before?.end;
      try {
        const last = joining;
        // Others may have begun a new one while this one waited.
        if ((!last || (await last).over) && joining === last) {
          const mine = (joining = begin());
          mine.catch(() => void (joining === mine && (joining = undefined)));
        }
        const log = await joining!;
        // A log that has begun since was not there for what came before.
        return { log, at: log === before ? at! : log.start };
      } catch (error) {
        readers--;
        throw error;
      }
    },
    leave() {
      if (--readers) return;
      timer = setTimeout(rest, linger);
      // The connections keep a process alive, and where there are none nothing should.
      letExit(timer);
    },
  };
}

function createLog(): { log: Log; add(change: Change): void; finish(over: { error?: unknown }): void } {
  // Nobody can tell from a place of one log where it would be in another.
  const epoch = crypto.randomUUID();
  const changes: Change[] = [];
  let start = 0;
  let over: Log["over"];
  let wake = (): void => {};
  let grown: Promise<void> | undefined;

  function tell(): void {
    grown = undefined;
    wake();
  }

  const log: Log = {
    id: (at) => `${epoch}-${at}`,
    find(id) {
      const at = id.startsWith(`${epoch}-`) ? Number(id.slice(epoch.length + 1)) : NaN;
      return at >= start && at <= log.end ? at : undefined;
    },
    get end() {
      return start + changes.length;
    },
    get start() {
      return start;
    },
    read: (at) => changes[at - start]!,
    grown: () => (grown ??= new Promise((resolve) => (wake = resolve))),
    get over() {
      return over;
    },
  };
  return {
    log,
    add(change) {
      changes.push(change);
      // In portions, since each costs a move of all.
      if (changes.length >= 2 * capacity) start += changes.splice(0, capacity).length;
      tell();
    },
    finish(how) {
      over = how;
      tell();
    },
  };
}
