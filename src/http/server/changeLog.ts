import type { Change } from "../../core/contract.ts";
import { mostPolled } from "../wire/events.ts";
import { createPositions } from "./positions.ts";
import type { Seal } from "./seal.ts";

/** The changes of a store from one moment on: what a client reads that comes and goes. */
export interface ChangeLog {
  /** Returns the name of a place, good for as long as the log is kept. */
  id(at: number): string;
  /** Returns the place that a name stands for, `undefined` for none of this log's or one that it has forgotten. */
  find(id: string): number | undefined;
  /** Where the log ends, which is where the next change goes. */
  readonly end: number;
  /** Where what it still knows begins. */
  readonly start: number;
  /** Returns the change after a place. */
  read(at: number): Change;
  /** Resolves when something was added or the log is over. */
  grown(): Promise<void>;
  /** What has become of it: the store reported all there was, or failed. */
  readonly over: { readonly error?: unknown } | undefined;
}

/** How many changes a log remembers at least for clients that come back. */
export const capacity = 10_000;

/** What the places of a log are called. */
export interface Names {
  name(at: number): string;
  find(name: string): number | undefined;
}

/** The names of the places of a log that is read from a medium's, which has a position for each. */
export interface Marks extends Names {
  /** Returns the position of a place that the log still knows. */
  positionOf(at: number): string;
  placeOf(position: string): number | undefined;
  /** Returns the position that a name stands for, also where that is none of a place. */
  open(name: string): string | undefined;
  /** Takes the position of the next place. */
  add(position: string): void;
  /** So many of the first places are forgotten. */
  forget(count: number): void;
}

/** Returns names for places that begin at a position. */
export function createMarks(seal: Seal, position: string): Marks {
  const positions = [position];
  let start = 0;
  const marks: Marks = {
    name: (at) => seal.id(marks.positionOf(at)),
    find: (name) => marks.placeOf(seal.open(name) ?? ""),
    positionOf: (at) => positions[at - start]!,
    placeOf(found) {
      const index = positions.lastIndexOf(found);
      return index < 0 ? undefined : start + index;
    },
    open: seal.open,
    add: (next) => void positions.push(next),
    forget: (count) => void (start += positions.splice(0, count).length),
  };
  return marks;
}

/** Returns a log with what fills it. */
export function createChangeLog(
  most: number = capacity,
  marks?: Marks,
): {
  log: ChangeLog;
  add(change: Change, position?: string): void;
  finish(over: { error?: unknown }): void;
} {
  const names: Names = marks ?? createPositions();
  const changes: Change[] = [];
  let start = 0;
  let over: ChangeLog["over"];
  let wake = (): void => {};
  let grown: Promise<void> | undefined;

  function wakeReaders(): void {
    grown = undefined;
    wake();
  }

  const log: ChangeLog = {
    id: names.name,
    find(id) {
      const at = names.find(id);
      return at !== undefined && at >= start && at <= log.end ? at : undefined;
    },
    get end() {
      return start + changes.length;
    },
    get start() {
      return start;
    },
    read: (at) => changes[at - start]!,
    grown: () => (grown ??= new Promise((resolve) => (wake = resolve))),
    get over() {
      return over;
    },
  };
  return {
    log,
    add(change, position = "") {
      changes.push(change);
      marks?.add(position);
      // In portions, since each costs a move of all.
      if (changes.length >= 2 * most) {
        start += changes.splice(0, most).length;
        marks?.forget(most);
      }
      wakeReaders();
    },
    finish(how) {
      over = how;
      wakeReaders();
    },
  };
}

/** Which changes a client wants. */
export interface Interest {
  /** What the keys begin with in the store, and what of it the client does not see. */
  readonly prefix: string;
  readonly hidden: string;
  /** The id of the last change that it knows, if it goes on. */
  readonly after: string | undefined;
}

/** Returns the key of a change as a client sees it; nothing where it does not. */
export function seenKey(key: string, { prefix, hidden }: Interest): string | undefined {
  // What has the hidden part for its key is nothing of the rest.
  return key.startsWith(prefix) && key !== hidden ? key.slice(hidden.length) : undefined;
}

/** Takes the next changes of interest off a log, as many as a poll is answered with, and returns where it has come to. */
export function advance(
  log: ChangeLog,
  at: number,
  interest: Interest,
  take: (id: string, change: Change) => void,
): number {
  for (let count = 0; at < log.end && count < mostPolled; at++) {
    const change = log.read(at);
    if (change.type === "resync") take(log.id(at + 1), change);
    else {
      const key = seenKey(change.key, interest);
      if (key === undefined) continue;
      take(log.id(at + 1), { type: change.type, key });
    }
    count++;
  }
  return at;
}
