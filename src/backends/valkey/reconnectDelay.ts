// The longest pause between two attempts to connect: ms.
const longestPause = 2000;

/** Returns how long to wait before the next attempt to connect, a little longer each time: ms. */
export function reconnectDelay(times: number): number {
  return Math.min(25 * 2 ** Math.min(times, 10), longestPause) * (0.5 + Math.random() / 2);
}
