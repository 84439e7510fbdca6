import type { Change, LoggedChange } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import { pause } from "../../core/pause.ts";
import type { MediumLog } from "./mediumLog.ts";

// How many changes are read at once, and how long it rests when they cannot be: ms.
const portion = 1000;
const rest = 250;

/** Reads on in a medium's log whenever there may be more. */
export interface Follower {
  /** Resolves when what is in the log by now has been read, or the follower is over. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * Returns what reads a medium's log from a position on, as often as it is asked to. Where changes are missing it takes
 * `resync` for them. It is `over` when no log is kept any more, or it cannot be read, ever.
 */
export function followMedium(
  medium: MediumLog,
  from: string,
  take: (change: Change, position: string) => void,
  over: (how: { error?: unknown }) => void,
): Follower {
  let position = from;
  let isStopped = false;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function readOn(): Promise<void> {
    while (!isStopped) {
      const page = await medium.read({ after: position, prefix: "", limit: portion }, undefined);
      if (isStopped) return;
      if (!page) {
        isStopped = true;
        return over({});
      }
      if (page.changes) page.changes.forEach(takeLogged);
      else take({ type: "resync" }, page.position);
      ({ position } = page);
      if (page.isLast) return;
    }
  }

  function takeLogged({ type, key, position }: LoggedChange): void {
    take({ type, key }, position);
  }

  async function readAll(): Promise<void> {
    while (!isStopped) {
      try {
        return await readOn();
      } catch (error) {
        if (isStoreError(error, "unavailable")) {
          await pause(rest, 0, undefined);
          continue;
        }
        if (!isStopped) over({ error });
        isStopped = true;
      }
    }
  }

  return {
    refresh() {
      // What is under way may have been read before the call.
      next ??= Promise.resolve(reading).then(() => {
        next = undefined;
        return (reading = readAll());
      });
      return next;
    },
    stop: () => void (isStopped = true),
  };
}
