import { checkCall } from "../check.ts";
import { StoreError } from "../error.ts";
import { untilAborted } from "../untilAborted.ts";
import type { Alone, Start } from "./calls.ts";

/**
 * The one way into a store: what every call has in common, and what it waits for. `ahead` begins at once, whatever else is
 * waited for, and what is returned beside its result is what the calls that follow wait for. `isWaiting` is whether there is
 * anything that they do.
 */
export type Entrance = [
  start: Start,
  alone: Alone,
  ahead: <R>(begin: () => readonly [result: R, begun: Promise<unknown>]) => R,
  isWaiting: () => boolean,
];

/** Returns the entrance of a store whose medium lets calls within a change come after it by itself, or does not. */
export function createEntrance(takesTurns: boolean | undefined, now: () => number, isClosed: () => boolean): Entrance {
  let opening: Promise<unknown> | undefined;
  // In its place while a caller's change is called.
  const changing = Promise.resolve();

  // Has the calls that follow wait for work, and for what they wait for already.
  function wait(work?: Promise<unknown>): void {
    const opened = (opening = Promise.allSettled([opening, work]).then(() => {
      if (opening === opened) opening = undefined;
    }));
  }

  return [
    (options, work, prepare) => {
      if (isClosed()) throw new StoreError("closed", "Store is closed");
      if (opening === changing) wait();
      const { signal } = checkCall(options);
      const prepared = prepare?.() as Parameters<typeof work>[1];
      const begin = (): ReturnType<typeof work> => {
        signal?.throwIfAborted();
        return work({ now, signal }, prepared);
      };
      return untilAborted(opening ? opening.then(begin) : begin(), signal);
    },
    (change) => {
      if (!takesTurns) opening ??= changing;
      try {
        return change();
      } finally {
        if (opening === changing) opening = undefined;
      }
    },
    (begin) => {
      const before = opening;
      opening = undefined;
      const [result, begun] = begin();
      opening = before;
      wait(begun);
      return result;
    },
    () => !!opening,
  ];
}
