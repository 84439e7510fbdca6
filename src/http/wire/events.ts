import type { Change } from "../../core/contract.ts";
import { isKey } from "../../core/key.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { expectComplete } from "./complete.ts";
import { readJson } from "./json.ts";

/**
 * How often an idle stream gives a sign of life: ms. One that is silent for three times as long has broken.
 *
 * @example Waits for a sign of life.
 * ```ts
 * import { heartbeat } from "shelflife/http/wire";
 *
 *
 * console.log(heartbeat * 3); // 45000
 * ```
 */
export const heartbeat = 15_000;

/** How many changes a poll is answered with at most: if it is so many, there may be more. */
export const mostPolled = 1000;

/** What a poll for changes is answered with: those after an id, and the id of the last. */
export interface Polled {
  readonly changes: readonly KeyChange[];
  readonly last: string;
  /** Changes may be missing. */
  readonly resync?: boolean;
  /** The server's clock: epoch ms. */
  readonly time: number;
  /** The same for whoever may see the same part of the store. */
  readonly scope: string;
}

/** Writes a change as an event. */
export const writeEvent = (id: string, change: Change): string =>
  change.type === "resync" ? writeResync(id) : `id: ${id}\ndata: ${JSON.stringify(change)}\n\n`;

/** Writes an event that says that changes may be missing before an id. A browser reports none that has no data. */
export const writeResync = (id: string): string => `event: resync\nid: ${id}\ndata: null\n\n`;

/** Writes how far a stream has come, which also says that it lives. Browsers report nothing, but remember it. */
export const writeSign = (id: string): string => `id: ${id}\n\n`;

/** Takes the events of a stream of changes: a change, or that some may be missing. */
export interface EventSink {
  changed(change: KeyChange): void;
  resync(): void;
  /** The stream has come so far. */
  reached(id: string): void;
}

// How long an event is at most: UTF-16 units.
const longest = 65_536;

/**
 * Reads the next part of a stream of server-sent events, after what was left of the one before; returns what is left.
 * Throws if these are none of a handler's.
 *
 * @example Reads the changes of a stream.
 * ```ts
 * import { readEvents } from "shelflife/http/wire";
 *
 *
 * const rest = readEvents('id: 7\ndata: {"type":"set","key":"a"}\n\nid: 8', {
 *   changed: ({ type, key }) => console.log(type, key),
 *   resync: () => console.log("read again"),
 *   reached: (id) => console.log(id),
 * });
 * console.log(rest);
 * // set a
 * // 7
 * // id: 8
 * ```
 */
export function readEvents(text: string, sink: EventSink): string {
  const events = text.split("\n\n");
  const rest = events.pop()!;
  for (const event of events) {
    const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: ([^]*)/, 2)));
    if (fields.event) sink.resync();
    else if (fields.data) sink.changed(toChange(JSON.parse(fields.data)));
    if (fields.id) sink.reached(fields.id);
  }
  expectComplete(rest.length <= longest);
  return rest;
}

/** Reads the answer to a poll. Throws if it is none. */
export function readPolled(bytes: Uint8Array): Polled {
  const { changes, last, resync, time, scope }: Polled = readJson(bytes);
  expectComplete(typeof last === "string" && changes.every(({ key }) => isKey(key)));
  return { changes: changes.map(toChange), last, resync: !!resync, time, scope };
}

/** Returns a change as it was read. Throws if it is none. */
function toChange({ type, key }: KeyChange): KeyChange {
  expectComplete(["set", "delete", "expire"].includes(type) && typeof key === "string");
  return { type, key };
}
