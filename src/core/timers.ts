/** The longest delay that a timer can have: ms. A longer one makes it fire at once. */
export const longestDelay = 2_147_483_647;

/** Keeps a timer from keeping the process alive. In browsers, where that is no question, a timer is a number. */
export function letExit(timer: unknown): void {
  (timer as { unref?(): void }).unref?.();
}
