/**
 * Waits at least `least` ms and, on top of that, half to one and a half times `ms`, so that those who failed together do not
 * return together. Ends early when the signal aborts.
 */
export function pause(ms: number, least = 0, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, least + ms * (0.5 + Math.random()));
    signal?.addEventListener("abort", done);
  });
}
