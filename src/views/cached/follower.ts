import type { Change, Store } from "../../core/contract.ts";
import { letExit } from "../../core/timers.ts";

// How long nothing is held after a watch broke, and at most after it did again and again: ms.
const firstRest = 100;
const longestRest = 60_000;

/** Follows the changes of a store, and rests after its watch broke. */
export interface Follower {
  /** Whether every change is reported as of now. */
  readonly isFollowing: boolean;
  /** Whether the watch broke a while ago, so that it is not to be begun yet. */
  readonly isResting: boolean;
  /** Begins to follow, and resolves when that has ended. */
  follow(): Promise<void>;
  /** Begins no watch any more. */
  close(): void;
}

/** Returns a follower of a store, which calls `changed` for each change, and `missed` when changes may have been missed without one that says so. */
export function createFollower(
  store: Pick<Store<any>, "watch">,
  changed: (change: Change) => void,
  missed: () => void,
): Follower {
  let rest = firstRest;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const follower = {
    isFollowing: false,
    isResting: false,
    async follow() {
      follower.isFollowing = true;
      // What a page missed that was put aside whole, nobody reports on the way back to it.
      const shown = (event: { persisted?: boolean }): void => void (event.persisted && missed());
      globalThis.addEventListener?.("pageshow", shown);
      try {
        for await (const change of store.watch({ unref: true })) {
          changed(change);
          rest = firstRest;
        }
      } catch {
        // Whoever watches gets the error. Here it means the same as an end.
      }
      globalThis.removeEventListener?.("pageshow", shown);
      follower.isFollowing = false;
      missed();
      if (follower.isResting) return;
      follower.isResting = true;
      timer = setTimeout(() => (follower.isResting = false), rest);
      letExit(timer);
      rest = Math.min(2 * rest, longestRest);
    },
    close() {
      follower.isResting = true;
      clearTimeout(timer);
    },
  };
  return follower;
}
