import type { Entry, NewEntry } from "../core/contract.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";

/** Reads the value of a row that is JSON. */
export function parse(value: Uint8Array | undefined): any {
  return value && JSON.parse(decodeLoosely(value));
}

export function toJson(row: Entry | NewEntry | undefined): any {
  return parse(row?.value);
}

export function fromJson(value: unknown): NewEntry {
  return { value: encodeText(JSON.stringify(value)) };
}
