import type { Change, CompleteBackend, Observer, WatchOptions } from "../contract.ts";
import { hold } from "../hold.ts";
import { checkPrefix } from "../key.ts";
import type { Run } from "./calls.ts";

/** Ends a watch once what was reported before has been read. */
export type End = (last: "close" | "error", error?: unknown) => void;

/**
 * Begins a watch of a backend, which is among `watches` until it ends. Returns what the caller reads, and what settles when
 * changes are reported or never will be.
 */
export function startWatch(
  backend: Pick<CompleteBackend, "watch">,
  options: WatchOptions | undefined,
  run: Run,
  watches: Set<End>,
): [changes: AsyncIterableIterator<Change>, started: Promise<void>] {
  const signal = options?.signal;
  let controller: ReadableStreamDefaultController<Change> | undefined;
  // A stream keeps what nobody has read yet, and serves several readers in the order in which they asked.
  const reader = new ReadableStream<Change>({ start: (created) => void (controller = created) }).getReader();
  let stop: (() => void) | undefined;
  const end: End = (last, error) => {
    controller?.[last](error);
    controller = undefined;
    watches.delete(end);
    signal?.removeEventListener?.("abort", abort);
    stop?.();
  };
  const finish = (): Promise<void> => {
    end("close");
    // What was reported and not read is wanted no more.
    return reader.cancel();
  };
  const abort = (): void => void finish();
  signal?.addEventListener?.("abort", abort);
  watches.add(end);
  const started = run(options, async (call) => {
    const prefix = checkPrefix(options?.prefix);
    // It may have ended while it waited for an earlier one to begin.
    if (!controller) return;
    const observer: Observer = {
      changed(change) {
        if (change.key.startsWith(prefix)) controller?.enqueue(change);
      },
      resync: () => controller?.enqueue({ type: "resync" }),
      failed: (error) => end("error", error),
    };
    const stopReporting = await backend.watch({ prefix }, observer, call);
    if (controller) stop = stopReporting;
    else stopReporting();
  });
  started.catch((error) => end(signal?.aborted ? "close" : "error", error));
  const next = (): Promise<IteratorResult<Change, any>> => {
    // There is room for what comes next only while all else has been read.
    const isWaiting = controller && controller.desiredSize! > 0;
    return isWaiting && !options?.unref ? hold(reader.read()) : reader.read();
  };
  const changes: AsyncIterableIterator<Change> = {
    [Symbol.asyncIterator]: () => changes,
    next,
    return: () => finish().then(next),
  };
  return [changes, started];
}
