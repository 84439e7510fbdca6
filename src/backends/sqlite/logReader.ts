import type { Change } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import type { ChangeLog } from "./changeLog.ts";
import { createDataVersion } from "./dataVersion.ts";
import { longestSilence, readChanges, removeWatcher, savePosition, toChange } from "./watchers.ts";
import type { WorkQueue } from "./workQueue.ts";

// After how many changes a reader notes how far it is, so that the log is trimmed.
const stride = 500;

/** One of the file's watchers, which reads the log in its order from where it has joined. */
export interface LogReader {
  readonly id: string;
  /** Joins the file's watchers, or is among them, and resolves with the number of the last change before. */
  join(): Promise<number>;
  /** Reports what has been written down since the last time, and from then on whatever is. */
  read(): void;
  /** Ends all reports, and leaves the file's watchers. */
  leave(): Promise<void>;
}

/** What a reader reports to. */
export interface LogObserver {
  changed(number: number, change: Change): void;
  /** Called when reading fails, and when the file has forgotten this watcher. */
  failed(error: unknown): void;
}

/** Returns a reader under a name of its own. */
export function createLogReader(queue: WorkQueue, log: ChangeLog, observer: LogObserver): LogReader {
  const id = crypto.randomUUID();
  const dataVersion = createDataVersion();
  // Of the last change read, and of the last that the file knows to have been read.
  let position = -1;
  let saved = -1;
  let isPolling = false;
  let isReading = false;
  let isStale = false;
  let hasLeft = false;

  async function readOn(): Promise<void> {
    isStale = true;
    if (isReading) return;
    isReading = true;
    try {
      while (isStale && !hasLeft) {
        isStale = false;
        await readAll();
      }
    } catch (error) {
      if (!hasLeft) observer.failed(error);
    }
    isReading = false;
  }

  async function readAll(): Promise<void> {
    for (;;) {
      const { rows, isLast, watcher } = await queue.read((client) => {
        dataVersion.note(client);
        return readChanges(client, id, position);
      });
      if (hasLeft) return;
      if (!watcher) {
        const expected = `expected a sign of life within ${longestSilence} ms, got none`;
        throw new StoreError("unavailable", `Watch broke: ${expected}`);
      }
      for (const row of rows) observer.changed((position = row.number as number), toChange(row));
      if (watcher.askedAt !== null || position - saved >= stride) await save();
      if (isLast) return;
    }
  }

  async function save(): Promise<void> {
    const read = position;
    await queue.write((client) => savePosition(client, id, read));
    saved = read;
  }

  return {
    id,
    async join() {
      const last = await queue.write((client) => log.join(client, id));
      if (position < 0) position = saved = last;
      return last;
    },
    read() {
      if (hasLeft) return;
      if (!isPolling) dataVersion.start(queue.client, () => void readOn());
      isPolling = true;
      void readOn();
    },
    leave() {
      hasLeft = true;
      dataVersion.stop();
      return queue.write((client) => removeWatcher(client, id)).catch(() => {});
    },
  };
}
