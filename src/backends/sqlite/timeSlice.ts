/** How long the event loop is held up at most, and a lock on the file kept: ms. */
export const sliceLength = 10;

/** Shares the thread with everything else that waits for the event loop. */
export interface TimeSlice {
  /** Does something at the end of this tick, or in a later turn of the event loop if this one has taken long. */
  schedule(task: () => void): void;
}

/** Returns a slice of time that begins with the first task of each turn. */
export function createTimeSlice(): TimeSlice {
  let start: number | undefined;
  const end = (): void => void (start = undefined);
  return {
    schedule(task) {
      const now = performance.now();
      if (start === undefined) {
        start = now;
        immediately(end);
      }
      if (now - start < sliceLength) return queueMicrotask(task);
      nextTurn(() => {
        end();
        task();
      });
    },
  };
}

/** Does something when the events that wait have had their turn, also while a test holds the timers. */
export function nextTurn(task: () => void): void {
  const channel = typeof MessageChannel === "undefined" ? undefined : new MessageChannel();
  let isDone = false;
  function once(): void {
    if (isDone) return;
    isDone = true;
    channel?.port1.close();
    task();
  }
  // Keeps the process alive, which a message does not do on Bun.
  immediately(once);
  if (!channel) return;
  channel.port1.onmessage = once;
  channel.port2.postMessage(undefined);
}

function immediately(task: () => void): void {
  // Where there is no such function, there is no SQLite either, which has yet to be said.
  if (typeof setImmediate === "function") setImmediate(task);
  else setTimeout(task);
}
