import type { Observer } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { pause } from "../../core/pause.ts";
import { expectComplete } from "../wire/complete.ts";
import type { EventSink } from "../wire/events.ts";
import { jsonType } from "../wire/json.ts";
import { readStream } from "./readStream.ts";
import { noticeSilence } from "./silence.ts";
import type { Source, Stream } from "./source.ts";
import { createStreams } from "./streams.ts";

// How long until the next poll, and after an outage at most until another try: ms.
const interval = 1000;
const longestInterval = 15_000;
// A stream that brought nothing new is followed by so many polls at most before the next one is tried.
const mostPolls = 64;
/**
 * Reports the changes of a store far away from this moment on, each once, and returns how to stop. A stream that breaks is
 * opened anew where it broke, however long that takes. Where streams bring nothing, since something on the way cuts them or
 * holds them back, changes are polled for. `resync` is reported where the handler does not know all changes since the last
 * one, and each 45 s as long as nothing is heard of it. What it refuses ends the watch.
 */
export async function followChanges(
  source: Source,
  observer: Observer,
  opening: AbortSignal | undefined,
): Promise<() => void> {
  const controller = new AbortController();
  const { signal } = controller;
  const streams = createStreams(source, signal);
  let cut = (): void => {};
  let last: string | undefined;
  let hasBegun = false;
  let polls = 1;
  const silence = noticeSilence(() => {
    observer.resync();
    cut();
    streams.abandon();
  });
  const stop = (): void => {
    silence.end();
    controller.abort();
    cut();
  };
  const sink: EventSink = {
    changed: (change) => (expectComplete(isKey(change.key)), observer.changed(change)),
    resync: observer.resync,
    reached: (id) => void (last = id),
  };

  /** Asks for what came after the last change. A handler that does not take its id is of another version. */
  async function ask<R extends { readonly last: string | undefined }>(
    from: (after: string | undefined) => Promise<R>,
  ): Promise<R> {
    const after = last;
    try {
      const answer = await from(after);
      if (after === undefined) {
        ({ last } = answer);
        // What came between is not asked for.
        if (hasBegun) observer.resync();
      }
      hasBegun = true;
      return answer;
    } catch (error) {
      if (after === undefined || !isStoreError(error, "invalid-argument")) throw error;
      last = undefined;
      return ask(from);
    }
  }

  /** Opens a stream, if there is one. An outage may be one of streams alone. */
  async function open(): Promise<Stream | undefined> {
    try {
      const stream = await ask(streams.open);
      return isReadable(stream.body) ? stream : undefined;
    } catch (error) {
      if (!isStoreError(error, "unavailable")) throw error;
      return undefined;
    }
  }

  async function poll(): Promise<void> {
    const { changes, resync, last: reached } = await ask((after) => source(after, signal, jsonType));
    silence.broken();
    if (resync) sink.resync();
    changes.forEach(sink.changed);
    last = reached;
  }

  /** Reads a stream to its end, and returns whether it brought anything new. */
  async function read({ body }: Stream): Promise<boolean> {
    const before = last;
    const reading = readStream(body, sink, silence.broken);
    ({ cut } = reading);
    await reading.end;
    return last !== before;
  }

  async function follow(stream: Stream | undefined): Promise<void> {
    for (let outages = 0; !signal.aborted;) {
      if (stream && (await read(stream))) {
        polls = 1;
        outages = 0;
        await pause(100, 0, signal);
      } else {
        for (let count = 0; count < polls && !signal.aborted; count++) {
          try {
            await poll();
            outages = 0;
          } catch (error) {
            if (!isStoreError(error, "unavailable")) throw error;
            outages++;
          }
          await pause(Math.min(interval * 2 ** outages, longestInterval), 0, signal);
        }
        polls = outages ? 1 : Math.min(2 * polls, mostPolls);
      }
      if (!signal.aborted) stream = await open();
    }
    // It was on its way when nobody wanted it any more.
    stream?.body.cancel().catch(() => {});
  }

  opening?.addEventListener("abort", stop);
  try {
    const first = await open();
    if (!first) await poll();
    follow(first).catch((error) => {
      if (signal.aborted) return;
      stop();
      observer.failed(error);
    });
  } catch (error) {
    stop();
    throw error;
  } finally {
    opening?.removeEventListener("abort", stop);
  }
  return stop;
}

/** Whether a body is a stream that nobody reads yet. Not every fetch has streams. */
function isReadable(body: Partial<Stream["body"]> | null | undefined): boolean {
  return typeof body?.getReader === "function" && !body.locked;
}
