import type { CompleteBackend, Value } from "../contract.ts";
import { letExit, longestDelay } from "../timers.ts";

// How long after a write it is found out when the next entry expires: ms. Many writes are one look.
const lookDelay = 40;
// How soon the next look is after one that had to remove something, or could not: ms.
const nextDelay = 10;
const restDelay = 1000;

/**
 * Returns the watch of a backend that removes what expires in time, so that it is reported then. There is one timer for all
 * who watch, and none when nobody does. A store that is closed meanwhile asks its backend for nothing more.
 */
export function watchInTime(
  backend: Pick<CompleteBackend<Value>, "watch" | "sweep" | "soonest" | "ownExpiry">,
  now: () => number,
  isClosed: () => boolean,
): CompleteBackend["watch"] {
  const call = { now };
  let watches = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSoon = false;

  function wait(delay: number): void {
    clearTimeout(timer);
    if (!watches || delay === Infinity) return;
    timer = setTimeout(() => void look(), Math.min(Math.max(delay, nextDelay), longestDelay));
    letExit(timer);
  }

  function lookSoon(): void {
    if (isSoon) return;
    isSoon = true;
    wait(lookDelay);
  }

  /** Removes what is due, and waits for what is due next. */
  async function look(): Promise<void> {
    isSoon = false;
    const delay = await removeDue();
    // What was written meanwhile has a look of its own.
    if (!isSoon) wait(delay);
  }

  /** Removes what is due, and returns how long there is nothing to do: ms. */
  async function removeDue(found?: (due: number) => void): Promise<number> {
    try {
      const due = backend.soonest ? await backend.soonest(call) : 0;
      if (due > now()) return due - now();
      found?.(due);
      if (!isClosed()) await backend.sweep(call);
      return backend.soonest ? nextDelay : lookDelay;
    } catch {
      // Made up for by the next look.
      return restDelay;
    }
  }

  return async (options, observer, watchCall) => {
    const { changed } = observer;
    const calledAt = now();
    let isSweeping = false;
    let isStopped = false;
    const inTime: typeof observer = {
      ...observer,
      changed(change) {
        if (change.type === "set") lookSoon();
        // What expired before the call is not reported.
        if (!isSweeping || change.type !== "expire") changed(change);
      },
      resync() {
        // Deadlines that were written meanwhile went unnoticed.
        lookSoon();
        observer.resync();
      },
    };
    function leave(): void {
      if (isStopped) return;
      isStopped = true;
      if (--watches) return;
      clearTimeout(timer);
      isSoon = false;
    }
    watches++;
    try {
      // At once: it is from the call on that changes are reported.
      const stop = await backend.watch(options, inTime, watchCall);
      const delay = isClosed() ? Infinity : await removeDue((due) => (isSweeping = due <= calledAt));
      isSweeping = false;
      if (!isSoon && !isClosed()) wait(delay);
      return () => {
        stop();
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  };
}
