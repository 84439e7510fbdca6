import type { Change } from "../../core/contract.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";

/** Tells changes a moment later, several together. */
export interface Teller {
  tell(changes: readonly Change[]): void;
  /** Tells what waits. */
  close(): void;
}

/**
 * Tells the first changes at once, and together what changes within so many ms after that: a message to other contexts costs
 * about as much as a small write. In a page that is hidden, whose timers are late, or left, nothing waits.
 */
export function tellTogether(tell: (changes: readonly Change[]) => void, patience: number): Teller {
  let waiting: readonly Change[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function pass(): void {
    clearTimeout(timer);
    timer = undefined;
    const changes = waiting;
    if (!changes.length) return;
    waiting = [];
    tell(changes);
    if (!globalThis.document?.hidden) timer = setTimeout(pass, patience);
  }

  const stopHearing = onPageEvents(["visibilitychange", "pagehide"], pass);
  return {
    tell(changes) {
      waiting = waiting.length ? [...waiting, ...changes] : changes;
      if (timer === undefined) pass();
    },
    close() {
      stopHearing();
      pass();
      clearTimeout(timer);
    },
  };
}
