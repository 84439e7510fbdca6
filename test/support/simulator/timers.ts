import type { Owner, Schedule } from "./schedule.ts";

/**
 * Has what waits for a timer take its turn like all else: by the clock of the machine it would come sooner or later from run to run.
 * Returns what puts the timers of the machine back.
 */
export function scheduleTimers(schedule: Schedule): () => void {
  const timers: Owner = { name: "timers", isDead: false };
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((go: () => void) => void schedule.turn(timers).then(go)) as unknown as typeof setTimeout;
  return () => void (globalThis.setTimeout = setTimeout);
}
