import type { Change, Store, WatchOptions } from "../../../src/index.ts";

/** A store whose calls are counted, and whose watch yields what a test gives it. */
export function counted<T>(store: Store<T>) {
  const count = { entry: 0, entries: 0, watches: 0 };
  const waiting: ((change: Change | Error) => void)[] = [];
  async function* watch(options?: WatchOptions): AsyncGenerator<Change> {
    count.watches++;
    const changes = store.watch(options);
    let next = changes.next();
    try {
      for (;;) {
        const other = new Promise<Change | Error>((resolve) => waiting.push(resolve));
        const step = await Promise.race([next, other]);
        if (step instanceof Error) throw step;
        if ("type" in step) yield step;
        else if (step.done) return;
        else {
          yield step.value;
          next = changes.next();
        }
      }
    } finally {
      count.watches--;
      await changes.return?.();
    }
  }
  const view: Store<T> = {
    ...store,
    entry: (...given) => (count.entry++, store.entry(...given)),
    entries: (...given) => (count.entries++, store.entries(...given)),
    watch,
  };
  return { view, count, tell: (change: Change | Error) => waiting.splice(0).forEach((each) => each(change)) };
}
