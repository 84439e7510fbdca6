import type { Change, Observer } from "./contract.ts";

/** One watch: what lies between the backend that tells of changes and the caller who iterates over them. */
export interface Watch extends Observer {
  readonly iterator: AsyncIterableIterator<Change>;
  /** Ends the iteration once what was told before has been read. */
  end(): void;
}

/** Returns a watch. `ended` is called once, as soon as no more changes are wanted. */
export function createWatch(signal: AbortSignal | undefined, ended: () => void): Watch {
  let controller: ReadableStreamDefaultController<Change> | undefined;
  // A stream keeps what nobody has read yet, and serves several readers in the order in which they asked.
  const reader = new ReadableStream<Change>({ start: (created) => void (controller = created) }).getReader();

  function finish(last: "close" | "error", error?: unknown): void {
    controller?.[last](error);
    if (controller) ended();
    controller = undefined;
    signal?.removeEventListener?.("abort", abort);
  }
  const abort = (): void => finish("error", signal!.reason);
  signal?.addEventListener?.("abort", abort);

  const iterator: AsyncIterableIterator<Change> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => reader.read() as Promise<IteratorResult<Change, undefined>>,
    async return() {
      finish("close");
      // What was told and not read is wanted no more.
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
  return {
    iterator,
    changed: (change) => controller?.enqueue(change),
    failed: (error) => finish("error", error),
    end: () => finish("close"),
  };
}
