import type { Entry, NewEntry } from "../core/contract.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";
import { equalBytes, joinBytes } from "../core/value.ts";
import { parse } from "./json.ts";
import { marks } from "./names.ts";

// What begins a mark of several keys: no text does.
const several = 255;
/** Returns what says, by the row of who this is, which slots may be on their way. */
export function createSent(): (value: Uint8Array | undefined) => (id: unknown) => boolean {
  // As a rule it is as it was.
  let last: Uint8Array | undefined;
  let ids = new Set<unknown>();
  return (value) => {
    if (!equalBytes(last, value)) {
      ids = new Set(parse(value)?.batch?.items.map(([, , id]: readonly unknown[]) => id));
      // Bytes of a medium may be lent.
      last = value?.slice();
    }
    return (id) => ids.has(id);
  };
}

/** Returns since when what a row marks has waited: epoch ms. */
export function sinceOf(row: string): number {
  return parseInt(row.slice(marks.length, marks.length + 9), 36);
}

/** Reads which keys a mark is of. */
export function readMark(value: Uint8Array): readonly string[] {
  return value[0] === several ? (parse(value.subarray(1)) as string[]) : [decodeLoosely(value)];
}

export function writeMark(keys: readonly string[]): NewEntry | undefined {
  return keys[0] === undefined
    ? undefined
    : { value: joinBytes([Uint8Array.of(several), encodeText(JSON.stringify(keys))]) };
}

/** Returns what becomes of the row of a mark in a step: of what is known, under which mark it waits, and what is added. */
export function nextMark(
  row: Entry | undefined,
  name: string,
  waiting: ReadonlyMap<string, string | undefined>,
  added: readonly string[],
): Entry | NewEntry | undefined {
  const had = row ? readMark(row.value) : [];
  // What is known to wait for nothing under it goes.
  const has = had.filter((key) => !waiting.has(key) || waiting.get(key) === name);
  const isLess = has.length < had.length;
  for (const key of added) if (!has.includes(key)) has.push(key);
  return isLess || has.length > had.length ? writeMark(has) : row;
}
