import type { Change } from "../../core/contract.ts";
import type { Feed, Log, Place } from "./feed.ts";
import { refusal, writeEvent, writeJson, writeResync, writeSign, writeStream, type Reply } from "./reply.ts";
import { heartbeat, type Polled } from "../wire.ts";

/** Which changes somebody wants to hear of. */
export interface Wanted {
  /** What the keys begin with in the store, and what of it the client does not see. */
  readonly prefix: string;
  readonly hidden: string;
  /** The id of the last change that he has heard of, if he goes on. */
  readonly after: string | undefined;
}

// How much a stream or a poll takes at once.
const portion = 1000;
// A client that takes nothing off its stream for so many heartbeats is gone, or will never catch up.
const patience = 3;

/** Takes the next changes that are wanted off a log, up to a portion, and returns where it has come to. */
function advance(log: Log, at: number, { prefix, hidden }: Wanted, take: (id: string, change: Change) => void): number {
  for (let count = 0; at < log.end && count < portion; at++) {
    const { type, key } = log.read(at);
    if (!key.startsWith(prefix)) continue;
    take(log.id(at + 1), { type, key: key.slice(hidden.length) });
    count++;
  }
  return at;
}

/** Answers with the changes there are after an id; without one, with the id to begin with. */
export async function pollChanges(feed: Feed, wanted: Wanted): Promise<Reply> {
  const { log, at: now } = await feed.join();
  try {
    const { after } = wanted;
    const found = after === undefined ? now : log.find(after);
    const changes: Change[] = [];
    const at = found === undefined ? log.end : advance(log, found, wanted, (_, change) => changes.push(change));
    const polled: Polled = { changes, last: log.id(at), ...(found === undefined && { resync: true }) };
    return writeJson(polled);
  } finally {
    feed.leave();
  }
}

/** Returns what counts the open streams, and refuses one too many. */
export function createStreams(feed: Feed, maxStreams: number): (wanted: Wanted) => Promise<Reply> {
  let open = 0;

  /**
   * Resolves with a stream of changes once the store tells them, and rejects when it refuses to. The stream ends with the
   * store and breaks with its watch. What a slow reader has not read stays in the log; if it falls behind that, it is told
   * that changes are missing.
   */
  return async (wanted) => {
    if (open >= maxStreams) {
      throw refusal("crowd", `Too many streams: expected at most ${maxStreams} at once`, { retryAfter: 5 });
    }
    open++;
    let place: Place;
    try {
      place = await feed.join();
    } catch (error) {
      open--;
      throw error;
    }
    const { log, at } = place;
    const begin = wanted.after === undefined ? at : log.find(wanted.after);
    return writeStream(stream(log, begin, wanted), log.id(begin ?? log.end));
  };

  function stream(log: Log, begin: number | undefined, wanted: Wanted): ReadableStream<Uint8Array<ArrayBuffer>> {
    const encoder = new TextEncoder();
    let at = begin ?? -1;
    let timer: ReturnType<typeof setInterval>;
    let silences = 0;
    let isOpen = true;

    function end(): void {
      if (!isOpen) return;
      isOpen = false;
      open--;
      clearInterval(timer);
      feed.leave();
    }

    /** What there is to say: an event for each change, or that some are missing. */
    function nextEvents(): string {
      if (at >= log.start) {
        let events = "";
        at = advance(log, at, wanted, (id, change) => void (events += writeEvent(id, change)));
        return events;
      }
      at = log.end;
      return writeResync(log.id(at));
    }

    // That the client left is told by cancelling the stream, in every runtime; its signal aborts in some of them whenever an
    // answer is complete.
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        timer = setInterval(() => {
          silences = controller.desiredSize! > 0 ? 0 : silences + 1;
          if (silences === 0) controller.enqueue(encoder.encode(writeSign(log.id(Math.max(at, log.start)))));
          else if (silences >= patience) {
            end();
            controller.error(new Error("Nobody reads the changes"));
          }
        }, heartbeat);
        // The connection keeps a process alive, and where there is none nothing should.
        (timer as { unref?(): void }).unref?.();
        if (begin !== undefined) controller.enqueue(encoder.encode(writeSign(log.id(begin))));
      },
      async pull(controller) {
        for (let events = nextEvents(); isOpen; events = nextEvents()) {
          if (events) return controller.enqueue(encoder.encode(events));
          // A portion may have been about other keys only.
          if (at < log.end) continue;
          if (!log.over) {
            await log.grown();
            continue;
          }
          end();
          if ("error" in log.over) controller.error(log.over.error);
          else controller.close();
        }
      },
      cancel: end,
    });
  }
}
