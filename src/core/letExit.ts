/** Keeps a timer from keeping the process alive. In browsers, where that is no question, a timer is a number. */
export function letExit(timer: unknown): void {
  (timer as { unref?(): void }).unref?.();
}
