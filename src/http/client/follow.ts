import type { Observer } from "../../core/contract.ts";
import { isStoreError, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { pause } from "../../core/pause.ts";
import { letExit } from "../../core/timers.ts";
import { expectComplete } from "../wire/complete.ts";
import { heartbeat, readEvents, type EventSink, type Polled } from "../wire/events.ts";
import { jsonType } from "../wire/json.ts";

/**
 * Opens a stream of the changes after an id, or from now on; or, where only that is accepted, asks for these changes as
 * JSON. `signal` ends what is asked for, and the stream that has come of it.
 */
export interface Source {
  (after: string | undefined, signal: AbortSignal): Promise<Stream>;
  (after: string | undefined, signal: AbortSignal, accept: string): Promise<Polled>;
}

/** A stream as it comes, and the id of the change before its first. */
export interface Stream {
  readonly body: ReadableStream<BufferSource>;
  readonly last: string;
}

/** How soon a stream begins and says where, unless something holds it back: ms. Then changes are polled for. */
export const promptly = 5000;
// How long until the next poll: ms.
const interval = 1000;
// A stream that brought nothing new is followed by so many polls at most before the next one is tried.
const mostPolls = 64;

/**
 * Reports the changes of a store far away from this moment on, each once, and returns how to stop. A stream that breaks is
 * opened anew where it broke. Where streams bring nothing, since something on the way cuts them or holds them back, changes
 * are polled for. If the handler no longer knows them all, it says so, and `resync` is reported.
 */
export async function followChanges(
  source: Source,
  observer: Observer,
  opening: AbortSignal | undefined,
): Promise<() => void> {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => {
    controller.abort();
    cut();
  };
  let cut = (): void => {};
  let last: string | undefined;
  let polls = 1;
  const sink: EventSink = {
    changed(change) {
      expectComplete(isKey(change.key));
      observer.changed(change);
    },
    resync: observer.resync,
    reached: (id) => void (last = id),
  };

  /** Opens a stream. An outage may be one of streams alone. */
  async function open(): Promise<Stream | undefined> {
    try {
      return await source(last, signal);
    } catch (error) {
      if (!isStoreError(error, "unavailable")) throw error;
      return undefined;
    }
  }

  async function poll(): Promise<void> {
    const { changes, resync, last: reached } = await source(last, signal, jsonType);
    if (resync) sink.resync();
    changes.forEach(sink.changed);
    last = reached;
  }

  /** Reads a stream to its end, and returns whether it brought anything new. */
  async function read({ body }: Stream): Promise<boolean> {
    const parts = body.pipeThrough(new TextDecoderStream()).getReader();
    // Where there is no connection to abort, the handler sees this.
    cut = () => void parts.cancel().catch(() => {});
    const before = last;
    for (let text: string | undefined; ;) {
      const timer = setTimeout(cut, text === undefined ? promptly : 3 * heartbeat);
      // The connection keeps a process alive, and where there is none nothing should.
      letExit(timer);
      const part = await parts.read().catch(() => undefined);
      clearTimeout(timer);
      if (!part || part.done) return last !== before;
      try {
        text = readEvents((text ?? "") + part.value, sink);
      } catch (error) {
        cut();
        throw isStoreError(error) ? error : fail("Changes make no sense: expected the events of a handler", error);
      }
    }
  }

  async function follow(stream: Stream | undefined): Promise<void> {
    while (!signal.aborted) {
      if (stream && (await read(stream))) {
        polls = 1;
        await pause(100, 0, signal);
      } else {
        for (let count = 0; count < polls && !signal.aborted; count++) {
          await poll();
          await pause(interval, 0, signal);
        }
        polls = Math.min(2 * polls, mostPolls);
      }
      if (!signal.aborted) stream = await open();
    }
    // It was on its way when nobody wanted it any more.
    stream?.body.cancel().catch(() => {});
  }

  opening?.addEventListener("abort", stop);
  try {
    const first = await open();
    if (first) ({ last } = first);
    else await poll();
    follow(first).catch((error) => signal.aborted || observer.failed(error));
  } finally {
    opening?.removeEventListener("abort", stop);
  }
  return stop;
}

function fail(message: string, cause?: unknown): never {
  throw new StoreError("unavailable", message, { cause });
}
