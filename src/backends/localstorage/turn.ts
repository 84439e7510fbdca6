import type { Awaitable } from "../../core/contract.ts";

interface Turn {
  isTaken: boolean;
  waiting: number;
}

const turns = /* @__PURE__ */ new WeakMap<object, Turn>();

/**
 * Does work on a Storage that only this process has, whichever store asks for it: at once, or, if that is in the midst of
 * other work, behind it and behind all that waits already.
 */
export function inTurn<R>(storage: object, work: () => R): Awaitable<R> {
  const turn = turns.get(storage) ?? { isTaken: false, waiting: 0 };
  turns.set(storage, turn);
  const alone = (): R => {
    turn.isTaken = true;
    try {
      return work();
    } finally {
      turn.isTaken = false;
    }
  };
  if (!turn.isTaken && !turn.waiting) return alone();
  turn.waiting++;
  // Work has no pause, so that by then it is over.
  return Promise.resolve().then(() => {
    turn.waiting--;
    return alone();
  });
}
