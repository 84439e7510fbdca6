import type { KeyChange } from "./keyChange.ts";
import { onPageEvents } from "./onPageEvents.ts";

/** Reports changes a moment later, several together. */
export interface Announcer<Message extends KeyChange> {
  report(changes: readonly Message[]): void;
  /** Reports what waits, and nothing later. */
  close(): void;
}

// How many changes share a message at most: a loop that lets no timer run makes any number of them.
const most = 1000;

/**
 * Reports the first changes at once, and those that follow within `delay` ms together: a message to other contexts costs
 * about as much as a small write. In a page that is hidden, whose timers are late, or left, nothing waits.
 */
export function createAnnouncer<Message extends KeyChange>(
  report: (changes: readonly Message[]) => void,
  delay: number,
  isHidden: () => boolean | undefined,
): Announcer<Message> {
  let waiting: Message[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Whose the timer is: fake ones that went away never fire.
  let armed: typeof setTimeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    armed = undefined;
    const changes = waiting;
    if (!changes.length) return;
    waiting = [];
    report(changes);
    if (!isHidden()) timer = (armed = setTimeout)(flush, delay);
  }

  const stopListening = onPageEvents(["visibilitychange", "pagehide"], flush);
  return {
    report(changes) {
      for (const change of changes) waiting.push(change);
      if (armed !== setTimeout || waiting.length >= most) flush();
    },
    close() {
      stopListening();
      flush();
      clearTimeout(timer);
    },
  };
}
