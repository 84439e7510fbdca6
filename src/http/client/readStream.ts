import { StoreError } from "../../core/error.ts";
import { letExit } from "../../core/timers.ts";
import { readEvents, type EventSink } from "../wire/events.ts";

/** How soon a stream begins and says where, unless something holds it back: ms. */
export const promptly = 5000;

/**
 * Begins to read a stream of events. `end` resolves when it ends, breaks or does not begin, and rejects `unavailable` when it
 * makes no sense; `cut` ends it; `heard` is called for each part.
 */
export function readStream(
  body: ReadableStream<BufferSource>,
  sink: EventSink,
  heard: () => void,
): { end: Promise<void>; cut(): void } {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  // Where there is no connection to abort, the handler sees this.
  const cut = (): void => void reader.cancel().catch(() => {});
  const beginning = setTimeout(cut, promptly);
  // The connection keeps a process alive, and where there is none nothing should.
  letExit(beginning);

  async function read(): Promise<void> {
    try {
      for (let text = ""; ;) {
        const part = await reader.read().catch(() => undefined);
        clearTimeout(beginning);
        if (!part || part.done) return;
        heard();
        text = readEvents(text + decoder.decode(part.value, { stream: true }), sink);
      }
    } catch (cause) {
      cut();
      throw new StoreError("unavailable", "Changes make no sense: expected the events of a handler", { cause });
    }
  }

  return { end: read(), cut };
}
