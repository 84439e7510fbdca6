import type { KeyChange } from "../../core/keyChange.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";

/** Reports changes a moment later, several together. */
export interface Announcer {
  report(changes: readonly KeyChange[]): void;
  /** Reports what waits. */
  flush(): void;
  /** Reports what waits, and nothing later. */
  close(): void;
}

/**
 * Reports the first changes at once, and those that follow within `delay` ms together: a message to other contexts costs
 * about as much as a small write. In a page that is hidden, whose timers are late, or left, nothing waits.
 */
export function createAnnouncer(report: (changes: readonly KeyChange[]) => void, delay: number): Announcer {
  let waiting: readonly KeyChange[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const changes = waiting;
    if (!changes.length) return;
    waiting = [];
    report(changes);
    if (!globalThis.document?.hidden) timer = setTimeout(flush, delay);
  }

  const stopListening = onPageEvents(["visibilitychange", "pagehide"], flush);
  return {
    report(changes) {
      waiting = waiting.length ? [...waiting, ...changes] : changes;
      if (timer === undefined) flush();
    },
    flush,
    close() {
      stopListening();
      flush();
      clearTimeout(timer);
    },
  };
}
