import type { KeyChange } from "../../core/keyChange.ts";
import { isStoreError } from "../../core/error.ts";
import { letExit } from "../../core/timers.ts";
import type { ChangeLog } from "./changeLog.ts";
import type { Client } from "./client.ts";
import { createDataVersion } from "./dataVersion.ts";
import { readChanges, removeWatcher, savePosition, toChange } from "./watchers.ts";
import type { WorkQueue } from "./workQueue.ts";

// After how many changes a reader notes how far it is, so that the log is trimmed.
const stride = 500;
// How long a reader waits for a file that cannot be used: ms.
const rest = 250;

/** One of the file's watchers, which reads the log in its order from where it has joined. */
export interface LogReader {
  /** Its name among the watchers. */
  id(): string;
  /** Joins the file's watchers, or is among them, and resolves with the number of the last change before. */
  join(): Promise<number>;
  /** Reports what has been written down since the last time, and from then on whatever is. */
  read(): void;
  /** Reads, and resolves when what had been written down before has been reported, or could not be read for now. */
  caughtUp(): Promise<void>;
  /** Ends all reports, and leaves the file's watchers. */
  leave(): Promise<void>;
}

/** What a reader reports to. */
export interface LogObserver {
  changed(number: number, change: KeyChange): void;
  /**
   * Called when changes may have been missed, up to that number: the file has forgotten this watcher, or another one is in
   * its place.
   */
  missed(last: number): void;
  /** Called when there is nothing more to be read, ever. */
  failed(error: unknown): void;
}

/** Returns a reader under a name of its own, and another one in each file that takes the place of the one before. */
export function createLogReader(queue: WorkQueue, log: ChangeLog, observer: LogObserver): LogReader {
  let id: string = crypto.randomUUID();
  const dataVersion = createDataVersion();
  // Of the last change read, and of the last that the file knows to have been read.
  let position = -1;
  let saved = -1;
  // Of which the name is: another client may be of another file, and that a copy in which the name stands at another position.
  let named: Client | undefined;
  let isPolling = false;
  let isReading = false;
  let isStale = false;
  let hasLeft = false;
  let waiting: (() => void)[] = [];

  async function readOn(): Promise<void> {
    isStale = true;
    if (isReading) return;
    isReading = true;
    while (isStale && !hasLeft) {
      isStale = false;
      const served = waiting;
      waiting = [];
      try {
        await readAll();
      } catch (error) {
        isStale = isStoreError(error, "unavailable");
        // What cannot be used for now may be back.
        if (isStale) await new Promise<void>((resolve) => letExit(setTimeout(resolve, rest)));
        else if (!hasLeft) observer.failed(error);
      } finally {
        for (const serve of served) serve();
      }
    }
    isReading = false;
    for (const serve of waiting.splice(0)) serve();
  }

  async function readAll(): Promise<void> {
    for (;;) {
      const { from, page } = await queue.read((client) => {
        dataVersion.note(client);
        return { from: position, page: client === named ? readChanges(client, id, position) : undefined };
      });
      if (hasLeft) return;
      // Somebody has joined again meanwhile, from where this is not to be read.
      if (from !== position) continue;
      if (!page?.watcher) {
        await join();
        continue;
      }
      for (const row of page.rows) observer.changed((position = row.number as number), toChange(row));
      if (page.watcher.askedAt !== null || position - saved >= stride) await save();
      if (page.isLast) return;
    }
  }

  async function join(): Promise<number> {
    const { last, isNew } = await queue.write((client) => {
      if (named && client !== named) id = crypto.randomUUID();
      named = client;
      return log.join(client, id);
    });
    const isFirst = position < 0;
    if (isNew) position = saved = last;
    if (isNew && !isFirst) observer.missed(last);
    return last;
  }

  async function save(): Promise<void> {
    const read = position;
    await queue.write((client) => savePosition(client, id, read));
    saved = read;
  }

  function read(): void {
    if (hasLeft) return;
    if (!isPolling) dataVersion.start(queue.client, () => void readOn());
    isPolling = true;
    void readOn();
  }

  return {
    id: () => id,
    join,
    read,
    caughtUp() {
      if (hasLeft) return Promise.resolve();
      const served = new Promise<void>((resolve) => waiting.push(resolve));
      read();
      return served;
    },
    leave() {
      hasLeft = true;
      dataVersion.stop();
      return queue.write((client) => removeWatcher(client, id)).catch(() => {});
    },
  };
}
