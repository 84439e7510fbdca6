import type { Change } from "../../core/contract.ts";
import { mostPolled } from "../wire/events.ts";
import { createPositions } from "./positions.ts";

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

// How many changes a log remembers at least for clients that come back.
const capacity = 10_000;

/** Returns a log with what fills it. */
export function createChangeLog(): {
  log: ChangeLog;
  add(change: Change): void;
  finish(over: { error?: unknown }): void;
} {
  const positions = createPositions();
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
    id: positions.name,
    find(id) {
      const at = positions.find(id);
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
    add(change) {
      changes.push(change);
      // In portions, since each costs a move of all.
      if (changes.length >= 2 * capacity) start += changes.splice(0, capacity).length;
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

/** Takes the next changes of interest off a log, as many as a poll is answered with, and returns where it has come to. */
export function advance(
  log: ChangeLog,
  at: number,
  { prefix, hidden }: Interest,
  take: (id: string, change: Change) => void,
): number {
  for (let count = 0; at < log.end && count < mostPolled; at++) {
    const change = log.read(at);
    if (change.type === "resync") take(log.id(at + 1), change);
    else {
      const { type, key } = change;
      // What has the hidden part for its key is nothing of the rest.
      if (!key.startsWith(prefix) || key === hidden) continue;
      take(log.id(at + 1), { type, key: key.slice(hidden.length) });
    }
    count++;
  }
  return at;
}
