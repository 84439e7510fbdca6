import type { Store } from "../../core/contract.ts";
import { letExit } from "../../core/timers.ts";

// How long nothing is held after a watch broke, and at most after it did again and again: ms.
const firstRest = 100;
const longestRest = 60_000;

/** Follows the changes of a store, and rests after its watch broke. */
export interface Follower {
  /** Whether every change is reported as of now. */
  isFollowing(): boolean;
  /** Whether the watch broke a while ago, so that it is not to be begun yet. */
  isResting(): boolean;
  /** Begins to follow. */
  follow(): void;
  /** Begins no watch any more. */
  close(): void;
}

/** Where a follower reports. */
export interface FollowerEvents {
  /** A key changed. */
  changed(key: string): void;
  /** Changes may have been missed. */
  missed(): void;
}

/** Returns a follower of a store. */
export function createFollower(store: Pick<Store<any>, "watch">, { changed, missed }: FollowerEvents): Follower {
  let isFollowing = false;
  let isResting = false;
  let rest = firstRest;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function follow(): Promise<void> {
    isFollowing = true;
    // What a page missed that was put aside whole, nobody reports on the way back to it.
    const shown = (event: { persisted?: boolean }): void => void (event.persisted && missed());
    globalThis.addEventListener?.("pageshow", shown);
    try {
      for await (const { key } of store.watch()) {
        changed(key);
        rest = firstRest;
      }
    } catch {
      // Whoever watches gets the error. Here it means the same as an end.
    }
    globalThis.removeEventListener?.("pageshow", shown);
    isFollowing = false;
    missed();
    if (isResting) return;
    isResting = true;
    timer = setTimeout(() => (isResting = false), rest);
    letExit(timer);
    rest = Math.min(2 * rest, longestRest);
  }

  return {
    isFollowing: () => isFollowing,
    isResting: () => isResting,
    follow: () => void follow(),
    close() {
      isResting = true;
      clearTimeout(timer);
    },
  };
}
