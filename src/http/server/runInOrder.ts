/**
 * Begins works in their order, each as soon as it may, and one at least; resolves when all are done. Rejects with the first
 * failure, and begins no more.
 */
export function runInOrder(
  count: number,
  mayBegin: (index: number, running: number) => boolean,
  run: (index: number) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let running = 0;

    function fail(error: unknown): void {
      next = count;
      reject(error);
    }

    function advance(): void {
      while (next < count && (running === 0 || mayBegin(next, running))) {
        running++;
        run(next++).then(() => {
          running--;
          advance();
        }, fail);
      }
      if (running === 0) resolve();
    }

    advance();
  });
}
