import type { Awaitable, Entry, Observer } from "../../core/contract.ts";
import type { StoreError } from "../../core/error.ts";

/** A key and what is written under it. */
export type Item = readonly [key: string, entry: Entry];

/** Writes that are acknowledged and not committed yet. */
export interface Uncommitted {
  /** Counts items, and returns whether there is so much now that the write has to wait. */
  add(items: readonly Item[]): boolean;
  /** Counts an item no more: a later write of its key has replaced it. */
  delete(item: Item): void;
  /** Writes items to the medium, and reports if that fails. */
  write(items: readonly Item[], work: () => Awaitable<void>): void;
  /** Resolves when what is under way is over: with the error of each, or `undefined`. */
  settled(): Promise<unknown[]>;
  /** Rejects with an error of what is under way, or one that nobody was given. */
  flush(): Promise<void>;
  /** Begins to report errors to an observer, and returns how to stop. */
  watch(observer: Observer): () => void;
}

// With so much that is not committed, a write waits for that.
const maxWrites = 1000;
const maxBytes = 4_194_304;

/**
 * Returns a place for uncommitted writes, which are in the overlay: it is read in place of what the medium has. Without
 * `onError` the next flush rejects with what failed.
 */
export function createUncommitted(
  overlay: Map<string, Entry>,
  onError: ((error: StoreError) => void) | undefined,
): Uncommitted {
  const writing = new Set<Promise<unknown>>();
  const observers = new Set<Observer>();
  let bytes = 0;
  let writes = 0;
  let failure: unknown;

  function count(items: readonly Item[], sign: 1 | -1): void {
    writes += sign * items.length;
    for (const [, { value }] of items) bytes += sign * value.length;
  }

  function report(error: unknown): void {
    for (const { failed } of observers) failed(error);
    if (onError) onError(error as StoreError);
    else failure ??= error;
  }

  const settled = (): Promise<unknown[]> => Promise.all(writing);

  return {
    add(items) {
      for (const [key, entry] of items) overlay.set(key, entry);
      count(items, 1);
      return writes >= maxWrites || bytes >= maxBytes;
    },
    delete: (item) => count([item], -1),
    write(items, work) {
      const run = async (): Promise<unknown> => {
        let error: unknown;
        try {
          await work();
        } catch (thrown) {
          error = thrown;
        }
        count(items, -1);
        writing.delete(done);
        // From here on a read returns what the medium has.
        for (const [key, entry] of items) if (overlay.get(key) === entry) overlay.delete(key);
        if (error) report(error);
        return error;
      };
      const done = run();
      writing.add(done);
    },
    settled,
    async flush() {
      const error = (await settled()).find(Boolean) ?? failure;
      failure = undefined;
      if (error) throw error;
    },
    watch(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  };
}
