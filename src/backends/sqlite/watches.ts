import type { Observer } from "../../core/contract.ts";
import type { ChangeLog } from "./changeLog.ts";
import { createLogReader, type LogReader } from "./logReader.ts";
import type { WorkQueue } from "./workQueue.ts";

/** The watches of this process, which share one reader of the log. */
export interface Watches {
  /** The name of the reader among the file's watchers, while there is one. */
  id(): string | undefined;
  /** Called when a transaction of this process has written changes down. */
  grown(): void;
  /** Resolves when what had been written down before has been reported. */
  caughtUp(): Promise<void> | undefined;
  watch(observer: Observer): Promise<() => void>;
  close(): Promise<void>;
}

/** Returns the watches of a file. */
export function createWatches(queue: WorkQueue, log: ChangeLog): Watches {
  // Each with the number of the last change before its watch.
  const observers = new Map<Observer, number>();
  let reader: LogReader | undefined;
  // How many need the reader: the observers, and those whose watch is about to begin.
  let users = 0;

  function createReader(): LogReader {
    return createLogReader(queue, log, {
      changed(number, change) {
        for (const [observer, start] of observers) if (start < number) observer.changed(change);
      },
      missed(last) {
        for (const observer of observers.keys()) {
          observers.set(observer, last);
          observer.resync();
        }
      },
      failed: breakOff,
    });
  }

  /** The last one out ends the reader. */
  function leave(mine: LogReader): void {
    if (mine !== reader || --users) return;
    reader = undefined;
    void mine.leave();
  }

  /** Ends every watch with an error. */
  function breakOff(error: unknown): void {
    const broken = [...observers.keys()];
    observers.clear();
    users = 1;
    leave(reader!);
    for (const observer of broken) observer.failed(error);
  }

  return {
    id: () => reader?.id(),
    grown: () => reader?.read(),
    caughtUp: () => reader?.caughtUp(),
    async watch(observer) {
      if (!users++) reader = createReader();
      const mine = reader!;
      let start: number;
      try {
        start = await mine.join();
      } catch (error) {
        leave(mine);
        throw error;
      }
      observers.set(observer, start);
      // What follows in that transaction was committed when nobody here was listening yet.
      mine.read();
      return () => {
        if (observers.delete(observer)) leave(mine);
      };
    },
    async close() {
      observers.clear();
      const last = reader;
      reader = undefined;
      await last?.leave();
    },
  };
}
