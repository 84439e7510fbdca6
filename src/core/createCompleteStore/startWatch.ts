import type { Change, CompleteBackend, Observer, WatchOptions } from "../contract.ts";
import { hold } from "../hold.ts";
import { checkPrefix } from "../key.ts";
import type { Run } from "./calls.ts";

/** Ends a watch: what was reported before can still be read. */
export type End = () => void;

type Step = IteratorResult<Change, any>;

interface Link {
  readonly change?: Change;
  next?: Link;
}

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
  // A list of what nobody has read yet, behind the last that was read. Not a stream, which not every runtime has.
  let read: Link = {};
  let last = read;
  const readers: ((step: Step | Promise<Step>) => void)[] = [];
  let over: Promise<Step> | undefined;
  let stop = (): void => {};

  function add(change: Change): void {
    if (over) return;
    const reader = readers.shift();
    if (reader) reader({ done: false, value: change });
    else last = last.next = { change };
  }

  function finish(outcome: Promise<Step>): void {
    // Nobody may ever ask for it.
    outcome.catch(() => {});
    if (over) return;
    over = outcome;
    watches.delete(end);
    stop();
    for (const reader of readers) reader(outcome);
  }

  const end: End = () => finish(Promise.resolve({ done: true, value: undefined }));
  function fail(error: unknown): void {
    finish(Promise.reject(error));
    read = last;
  }
  function leave(): void {
    end();
    // What was reported and not read is wanted no more.
    read = last;
  }

  watches.add(end);
  const started = run(options, async (call) => {
    const prefix = checkPrefix(options?.prefix);
    const observer: Observer = {
      changed(change) {
        if (change.key.startsWith(prefix)) add(change);
      },
      resync: () => add({ type: "resync" }),
      failed: fail,
    };
    const stopReporting = await backend.watch({ prefix }, observer, call);
    call.signal?.addEventListener("abort", leave);
    stop = () => {
      call.signal?.removeEventListener("abort", leave);
      stopReporting();
    };
    if (over) stop();
  });
  started.catch((error) => (options?.signal?.aborted ? end() : fail(error)));

  const changes: AsyncIterableIterator<Change> = {
    [Symbol.asyncIterator]: () => changes,
    next() {
      const { next } = read;
      if (next) {
        read = next;
        return Promise.resolve({ done: false, value: next.change! });
      }
      if (over) return over;
      const step = new Promise<Step>((resolve) => readers.push(resolve));
      return options?.unref ? step : hold(step);
    },
    return() {
      leave();
      return over!;
    },
  };
  return [changes, started];
}
