import type { Change } from "./contract.ts";

/** Returns the changes of a watch as a view sees them, each when it is read. */
export function mapChanges(
  changes: AsyncIterableIterator<Change>,
  map: (change: Change) => Change,
): AsyncIterableIterator<Change> {
  return {
    ...changes,
    [Symbol.asyncIterator]() {
      return this;
    },
    async next(): Promise<IteratorResult<Change, any>> {
      const result = await changes.next();
      return result.done ? result : { done: false, value: map(result.value) };
    },
  };
}
