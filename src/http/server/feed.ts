import type { Store } from "../../core/contract.ts";
import { letExit } from "../../core/timers.ts";
import { createChangeLog, type ChangeLog } from "./changeLog.ts";

/** Where a reader of changes is: after which change, counted from the beginning of a log. */
export interface Place {
  readonly log: ChangeLog;
  at: number;
}

/** The one watch of a store that all its readers share. */
export interface Feed {
  /**
   * Resolves once the store reports its changes, with the place after which all since this call are, and rejects when the
   * store refuses to. The place of one who goes on from another is not looked for.
   */
  join(isGoingOn?: boolean): Promise<Place>;
  /** Every `join` is followed by one `leave`. */
  leave(): void;
}

/** Returns the feed of a store. It watches while there are readers, and so many ms longer. */
export function createFeed(store: Store, linger: number): Feed {
  let readers = 0;
  let joining: Promise<ChangeLog> | undefined;
  let current: ChangeLog | undefined;
  let stop = (): void => {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function begin(): Promise<ChangeLog> {
    const changes = store.watch({ unref: true });
    const first = changes.next();
    // What is asked of a store after a watch waits until that has begun; a refusal comes a moment later, from the watch.
    await Promise.race([first, begunBy(() => first)]);
    const { log, add, finish } = createChangeLog();
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

  /**
   * Finds the place in a log of what is done from now on. What was done before may still be on its way to the watch that is
   * there already, and not to one that begins now.
   */
  async function placeIn(log: ChangeLog): Promise<number> {
    const changes = store.watch({ unref: true });
    let seen = 0;
    const count = async (): Promise<void> => {
      while (!(await changes.next()).done) seen++;
    };
    count().catch(() => {});
    await begunBy(() => undefined);
    const at = Math.max(log.start, log.end - seen);
    void changes.return!().catch(() => {});
    return at;
  }

  /** Resolves when the last watch of the store has begun, and what it reported so far is taken note of. */
  function begunBy(refused: (error: unknown) => unknown): Promise<unknown> {
    return store.findMany([]).then(() => new Promise((resolve) => setTimeout(resolve, 0)), refused);
  }

  function rest(): void {
    joining = current = undefined;
    stop();
  }

  return {
    async join(isGoingOn) {
      readers++;
      clearTimeout(timer);
      const before = current;
      const at = before && !isGoingOn ? placeIn(before) : before?.end;
      try {
        const last = joining;
        // Others may have begun a new one while this one waited.
        if ((!last || (await last).over) && joining === last) {
          const mine = (joining = begin());
          mine.catch(() => void (joining === mine && (joining = undefined)));
        }
        const log = await joining!;
        // A log that has begun since was not there for what came before.
        return { log, at: log === before ? (await at)! : log.start };
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
