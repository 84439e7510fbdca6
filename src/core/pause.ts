/** Waits at least `least` ms and, on top of that, half to one and a half times `ms`, so that those who failed together do not return together. */
export function pause(ms: number, least = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, least + ms * (0.5 + Math.random())));
}
