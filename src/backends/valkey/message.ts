import type { KeyChange } from "../../core/keyChange.ts";
import { decodeLoosely } from "../../core/utf8.ts";

// A message is the node that it comes from (nothing without a cluster), a blank, and for each change its type, the length of
// the name on the server in bytes, a colon, and the name. The scripts write it.
const blank = 32;
const colon = 58;
const types: Readonly<Record<string, KeyChange["type"]>> = { s: "set", d: "delete", e: "expire" };

/** Returns the node that a message comes from, "" where there is one alone. */
export function originOf(message: Uint8Array): string {
  return decodeLoosely(message.subarray(0, message.indexOf(blank)));
}

/** Reads the changes in a message, of keys behind a prefix of so many bytes. */
export function readChanges(message: Uint8Array, prefixLength: number): KeyChange[] {
  const changes: KeyChange[] = [];
  for (let at = message.indexOf(blank) + 1; at < message.length;) {
    const [change, end] = readNext(message, at, prefixLength);
    changes.push(change);
    at = end;
  }
  return changes;
}

/** Reads a change by itself. */
export function readChange(text: Uint8Array, prefixLength: number): KeyChange {
  return readNext(text, 0, prefixLength)[0];
}

function readNext(bytes: Uint8Array, at: number, prefixLength: number): [change: KeyChange, end: number] {
  const type = types[String.fromCharCode(bytes[at]!)]!;
  const start = bytes.indexOf(colon, at) + 1;
  const end = start + Number(decodeLoosely(bytes.subarray(at + 1, start - 1)));
  return [{ type, key: decodeLoosely(bytes.subarray(start + prefixLength, end)) }, end];
}
