import { letExit } from "../../core/timers.ts";
import { heartbeat } from "../wire/events.ts";

// So many signs of life in a row may be missed.
const mostMissed = 3;

/** Notices when nothing is heard of a handler, though nothing says that the connection to it is dead. */
export interface Silence {
  /** Something was heard. */
  broken(): void;
  /** Notices nothing any more. */
  end(): void;
}

/** Calls `noticed` when nothing was heard for 45 s, and again as long as that lasts. */
export function noticeSilence(noticed: () => void): Silence {
  let missed = 0;
  let heardAt = Date.now();

  function broken(): void {
    missed = 0;
    heardAt = Date.now();
  }

  const timer = setInterval(() => {
    // Timers stand still while a machine sleeps, its clock does not.
    if (++missed < mostMissed && Date.now() - heardAt < mostMissed * heartbeat) return;
    broken();
    noticed();
  }, heartbeat);
  // The connection keeps a process alive, and where there is none nothing should.
  letExit(timer);
  return { broken, end: () => clearInterval(timer) };
}
