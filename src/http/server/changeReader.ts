import type { Awaitable } from "../../core/contract.ts";
import { mostPolled, writeEvent, writeResync } from "../wire/events.ts";
import { advance, seenKey, type ChangeLog, type Interest, type Marks } from "./changeLog.ts";
import type { MediumLog, SealedPage } from "./mediumLog.ts";
import type { Seal } from "./seal.ts";

/** A log that is read from a medium's. */
export interface MediumSource {
  readonly log: ChangeLog;
  readonly marks: Marks;
  readonly medium: MediumLog;
  /** Has the log brought up to what the medium's has by now. */
  refresh(): Promise<void>;
}

/** Reads changes of interest in their order, as events of a stream. */
export interface ChangeReader {
  /** Returns what there is to say next: an event for each change, or that some are missing; "" if there is nothing. */
  next(): Awaitable<string>;
  /** Whether it has come to the end of the log. */
  isAtEnd(): boolean;
  /** Whether the log has forgotten where it is. */
  isBehind(): boolean;
  /** Where it has come to in the log. */
  place(): number;
  /** The name of the place it has come to. */
  id(): string;
}

/** Returns a reader of a log from a place on, or from what the log has forgotten. */
export function createChangeReader(log: ChangeLog, begin: number | undefined, interest: Interest): ChangeReader {
  let at = begin ?? -1;
  return {
    next() {
      if (at >= log.start) {
        let events = "";
        at = advance(log, at, interest, (id, change) => void (events += writeEvent(id, change)));
        return events;
      }
      at = log.end;
      return writeResync(log.id(at));
    },
    isAtEnd: () => at >= log.end,
    isBehind: () => at < log.start,
    place: () => at,
    id: () => log.id(Math.max(at, log.start)),
  };
}

/**
 * Returns the same for a log of what was read of a medium's. What that has forgotten, or was never there for, is read from the
 * medium: after a position at first, if no place is given, and wherever it is left behind.
 */
export function createMediumReader(
  from: { readonly place: number } | { readonly position: string },
  { log, marks, medium, refresh }: MediumSource,
  interest: Interest,
): ChangeReader {
  // Of what was said last, for when the log forgets it.
  let position = "position" in from ? from.position : marks.positionOf(from.place);
  let seal: Seal | undefined;
  let isLast = false;
  let near = "place" in from ? createChangeReader(log, from.place, interest) : undefined;

  async function readFar(): Promise<string> {
    const page = await medium.read({ after: position, prefix: interest.prefix, limit: mostPolled }, undefined);
    if (!page?.changes) {
      near = createChangeReader(log, undefined, interest);
      return near.next();
    }
    ({ position, seal, isLast } = page);
    // The log may not have come so far yet.
    if (isLast) await refresh();
    const place = marks.placeOf(position);
    if (place !== undefined) near = createChangeReader(log, place, interest);
    return writeEvents(page, interest);
  }

  return {
    next() {
      if (near?.isBehind()) near = undefined;
      if (!near) return readFar();
      const events = near.next();
      position = marks.positionOf(near.place());
      return events;
    },
    isAtEnd: () => near?.isAtEnd() ?? (isLast && !!log.over),
    isBehind: () => false,
    place: () => near?.place() ?? -1,
    id: () => near?.id() ?? seal?.id(position) ?? interest.after!,
  };
}

function writeEvents({ changes, seal }: SealedPage, interest: Interest): string {
  let events = "";
  for (const { type, key: logged, position } of changes!) {
    const key = seenKey(logged, interest);
    if (key !== undefined) events += writeEvent(seal.id(position), { type, key });
  }
  return events;
}
