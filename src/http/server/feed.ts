import type { Store } from "../../core/contract.ts";
import type { History } from "../../core/history.ts";
import { letExit, longestDelay } from "../../core/timers.ts";
import { capacity, createChangeLog, createMarks, type ChangeLog } from "./changeLog.ts";
import type { MediumSource } from "./changeReader.ts";
import { followMedium } from "./mediumFollower.ts";
import type { MediumLog } from "./mediumLog.ts";

/** Where a reader of changes is: after which change, counted from the beginning of a log. */
export interface Place {
  readonly log: ChangeLog;
  readonly at: number;
  /** Where the log is read from a medium's: that. */
  readonly source: MediumSource | undefined;
}

/** How much a feed remembers. */
export interface FeedOptions {
  /** How long it watches when it has no readers: ms. */
  readonly resumeWithin: number;
  /** The same, and how many changes at least, where no medium remembers them. */
  readonly history: History | false | undefined;
  /** The log of the store's medium, which is read in place of what the watch reports, where one is kept. */
  readonly medium: MediumLog | undefined;
}

/** A log that is filled. */
interface Current {
  readonly log: ChangeLog;
  readonly source: MediumSource | undefined;
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

/** Returns the feed of a store. It watches while there are readers, and a little longer. */
export function createFeed(store: Store, { resumeWithin, history, medium }: FeedOptions): Feed {
  const { maxAge, maxChanges } = history || { maxAge: 0, maxChanges: capacity };
  const alone = Math.min(Math.max(resumeWithin, maxAge), longestDelay);
  let readers = 0;
  let joining: Promise<Current> | undefined;
  let current: Current | undefined;
  let stop = (): void => {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function begin(): Promise<Current> {
    const changes = store.watch({ unref: true });
    const first = changes.next();
    // What is asked of a store after a watch waits until that has begun; a refusal comes a moment later, from the watch.
    await Promise.race([first, begunBy(() => first)]);
    const now = await medium?.read({ prefix: "", limit: 1 }, undefined);
    const marks = now && createMarks(now.seal, now.position);
    const { log, add, finish } = createChangeLog(maxChanges, marks);
    const follower = now && followMedium(medium!, now.position, add, finish);
    const follow = async (): Promise<void> => {
      for (let step = await first; !step.done; step = await changes.next()) {
        // What is missing to a watch is in the log all the same.
        if (follower) void follower.refresh();
        else add(step.value);
      }
    };
    follow().then(
      () => finish({}),
      (error) => finish({ error }),
    );
    // One that has failed says so again.
    stop = () => {
      follower?.stop();
      void changes.return!().catch(() => {});
    };
    const source = follower && { log, marks: marks!, medium: medium!, refresh: follower.refresh };
    return (current = { log, source });
  }

  /**
   * Finds the place in a log of what is done from now on. What was done before may still be on its way to the watch that is
   * there already, and not to one that begins now.
   */
  async function placeIn({ log, source }: Current): Promise<number> {
    if (source) {
      await source.refresh();
      return log.end;
    }
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
      const at = before && !isGoingOn ? placeIn(before) : before?.log.end;
      try {
        const last = joining;
        // Others may have begun a new one while this one waited.
        if ((!last || (await last).log.over) && joining === last) {
          const mine = (joining = begin());
          mine.catch(() => void (joining === mine && (joining = undefined)));
        }
        const mine = await joining!;
        const { log, source } = mine;
        // A log that has begun since was not there for what came before.
        return { log, at: mine === before ? (await at)! : log.start, source };
      } catch (error) {
        readers--;
        throw error;
      }
    },
    leave() {
      if (--readers) return;
      timer = setTimeout(rest, current?.source ? resumeWithin : alone);
      // The connections keep a process alive, and where there are none nothing should.
      letExit(timer);
    },
  };
}
