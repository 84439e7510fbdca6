import { letExit } from "../../core/timers.ts";
import { heartbeat, writeSign } from "../wire/events.ts";
import type { ChangeLog } from "./changeLog.ts";
import type { ChangeReader } from "./changeReader.ts";

// A client that takes nothing off its stream for so many heartbeats is gone, or will never catch up.
const mostSilences = 3;

/**
 * Returns a stream of what a reader reads of a log. It begins with the id `last`, if the place is known that this stands for.
 * It ends with the store and breaks with its watch; `ended` is called once. What a slow reader has not read stays in the log;
 * if it falls behind that, the stream says that changes are missing.
 */
export function streamChanges(
  log: ChangeLog,
  reader: ChangeReader,
  last: string | undefined,
  ended: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval>;
  let silences = 0;
  let isOpen = true;

  function end(): void {
    if (!isOpen) return;
    isOpen = false;
    clearInterval(timer);
    ended();
  }

  /** Gives the next events as soon as there are some, or ends with the log. */
  async function give(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    for (let events = await reader.next(); isOpen; events = await reader.next()) {
      if (events) return controller.enqueue(encoder.encode(events));
      // A portion may have been about other keys only.
      if (!reader.isAtEnd()) continue;
      if (!log.over) {
        await log.grown();
        continue;
      }
      end();
      if ("error" in log.over) controller.error(log.over.error);
      else controller.close();
    }
  }

  // A client that leaves cancels the stream, in every runtime; the signal of its request aborts in some of them whenever an
  // answer is complete.
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      timer = setInterval(() => {
        silences = controller.desiredSize! > 0 ? 0 : silences + 1;
        if (silences === 0) controller.enqueue(encoder.encode(writeSign(reader.id())));
        else if (silences >= mostSilences) {
          end();
          controller.error(new Error("Nobody reads the changes"));
        }
      }, heartbeat);
      // The connection keeps a process alive, and where there is none nothing should.
      letExit(timer);
      if (last !== undefined) controller.enqueue(encoder.encode(writeSign(last)));
    },
    async pull(controller) {
      try {
        await give(controller);
      } catch (error) {
        end();
        throw error;
      }
    },
    cancel: end,
  });
}
